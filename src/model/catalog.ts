import { entityNotFound } from "../errors/api-errors.ts";
import type { Column } from "./column.ts";
import type { Entity, EntityDefinition, InboundReference, Relationship } from "./entity.ts";
import { physicalTableName } from "./names.ts";

/** The schema of a workspace as requests need it. Immutable; cached by `schemaVersion`. */
export interface Catalog {
  readonly workspaceId: number;
  readonly organization: string;
  readonly workspace: string;
  readonly schemaVersion: number;
  /** The workspace's own setting; null for the system's default. */
  readonly maxExpandDepth: number | null;
  /** In order of creation. */
  readonly entities: ReadonlyMap<string, Entity>;
}

export type CatalogSource = Omit<Catalog, "entities"> & { readonly definitions: readonly EntityDefinition[] };

/** Names are case-sensitive. Throws NOT_FOUND. */
export function entityNamed(catalog: Catalog, name: string): Entity {
  const entity = catalog.entities.get(name);
  if (!entity) throw entityNotFound(name, [...catalog.entities.keys()]);
  return entity;
}

/**
 * Half of the integers that JSON represents exactly. The other half is left for ids that are generated after the
 * greatest id that a client sends.
 */
const MAX_SENT_ID = 2 ** 52 - 1;

/** The `id` column of every entity. The database generates integer ids. */
export function idColumnOf(definition: Pick<EntityDefinition, "id" | "idType">): Column {
  return {
    id: `${definition.id}.id`,
    name: "id",
    columnName: "id",
    type: definition.idType,
    nullable: false,
    unique: true,
    indexed: true,
    ...(definition.idType === "UUID"
      ? { constraints: [], generated: true }
      : { constraints: [{ type: "MAX", value: MAX_SENT_ID }] }),
  };
}

/** Resolves definitions against each other. They must be consistent: all names that they mention exist. */
export function buildCatalog({ definitions, ...facts }: CatalogSource): Catalog {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const relationships = relationshipsByEntity(definitions, byName);
  const inbound = inboundByEntity(definitions);
  const entities = new Map<string, Entity>();
  for (const definition of definitions) {
    const columns = [idColumnOf(definition), ...definition.columns];
    entities.set(definition.name, {
      ...definition,
      definition,
      physicalTable: physicalTableName(facts.workspaceId, definition.tableName),
      columns,
      columnByName: new Map(columns.map((column) => [column.name, column])),
      relationships: relationships.get(definition.name) ?? new Map(),
      inbound: inbound.get(definition.name) ?? [],
    });
  }
  return { ...facts, entities };
}

function relationshipsByEntity(
  definitions: readonly EntityDefinition[],
  byName: ReadonlyMap<string, EntityDefinition>,
): ReadonlyMap<string, ReadonlyMap<string, Relationship>> {
  const all = new Map(definitions.map(({ name }) => [name, new Map<string, Relationship>()]));
  const add = (owner: string, relationship: Relationship) =>
    all.get(owner)?.set(relationship.name, relationship);
  for (const definition of definitions) {
    for (const column of definition.columns) {
      if (!column.references) continue;
      const { entity: target, relationship, inverse, description } = column.references;
      add(definition.name, { kind: "TO_ONE", name: relationship, target, description, column });
      if (inverse)
        add(target, { kind: "TO_MANY", name: inverse, target: definition.name, targetColumn: column });
    }
  }
  for (const definition of definitions) {
    for (const { name, through, source, target, description } of definition.relationships) {
      const columns = byName.get(through)?.columns ?? [];
      const sourceColumn = columns.find((column) => column.name === source);
      const targetColumn = columns.find((column) => column.name === target);
      if (!sourceColumn || !targetColumn?.references) continue;
      const { entity } = targetColumn.references;
      add(definition.name, {
        kind: "MANY_TO_MANY",
        name,
        target: entity,
        description,
        through,
        sourceColumn,
        targetColumn,
      });
    }
  }
  return all;
}

function inboundByEntity(definitions: readonly EntityDefinition[]): ReadonlyMap<string, InboundReference[]> {
  const inbound = new Map<string, InboundReference[]>();
  for (const definition of definitions) {
    for (const column of definition.columns) {
      if (!column.references) continue;
      const list = inbound.get(column.references.entity) ?? [];
      list.push({ entity: definition.name, column });
      inbound.set(column.references.entity, list);
    }
  }
  return inbound;
}
