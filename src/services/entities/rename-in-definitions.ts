import type { Catalog } from "../../model/catalog.ts";
import type {
  Entity,
  EntityConstraint,
  EntityDefinition,
  EntityIndex,
  EntitySettings,
} from "../../model/entity.ts";
import { definitionsOf } from "./definitions-of.ts";
import { MAX_PREVIOUS_NAMES } from "./entity-definition-schema.ts";

export interface Renaming {
  readonly from: string;
  readonly to: string;
}

interface Named {
  readonly name: string;
  readonly previousNames?: readonly string[] | undefined;
}

/**
 * Returns the previous names after a rename, newest first. The old name is among them, so that a document of this schema
 * renames in other deployments too.
 */
export function previousNamesOf({ name, previousNames = [] }: Named, next: string) {
  const names = name === next ? previousNames : [name, ...previousNames].filter((each) => each !== next);
  return names.length > 0 ? names.slice(0, MAX_PREVIOUS_NAMES) : undefined;
}

/** All definitions, with an entity's new name in place of the old one. */
export function withEntityRenamed(
  definitions: readonly EntityDefinition[],
  { from, to }: Renaming,
): readonly EntityDefinition[] {
  const rename = (name: string) => (name === from ? to : name);
  return definitions.map((definition) => ({
    ...definition,
    name: rename(definition.name),
    columns: definition.columns.map((column) => {
      const { references } = column;
      return references
        ? { ...column, references: { ...references, entity: rename(references.entity) } }
        : column;
    }),
    relationships: definition.relationships.map((relationship) => {
      return { ...relationship, through: rename(relationship.through) };
    }),
  }));
}

/** All definitions, with a column's new name in place of the old one: in rules, join entities and settings. */
export function withColumnRenamed(
  catalog: Catalog,
  owner: Entity,
  renaming: Renaming,
): readonly EntityDefinition[] {
  const rename = (name: string) => (name === renaming.from ? renaming.to : name);
  return definitionsOf(catalog).map((definition) => {
    const isOwner = definition.id === owner.id;
    const inPath = (path: string) => renameInPath(catalog, definition, { path, owner, rename });
    return {
      ...definition,
      columns: isOwner
        ? definition.columns.map((column) => ({ ...column, name: rename(column.name) }))
        : definition.columns,
      constraints: isOwner
        ? definition.constraints.map((constraint) => renameInConstraint(constraint, rename))
        : definition.constraints,
      indexes: isOwner
        ? definition.indexes?.map((index) => renameInIndex(index, rename))
        : definition.indexes,
      relationships: definition.relationships.map((relationship) => {
        const { through, source, target } = relationship;
        return through === owner.name
          ? { ...relationship, source: rename(source), target: rename(target) }
          : relationship;
      }),
      settings: renameInSettings(definition.settings, inPath),
    };
  });
}

type Rename = (name: string) => string;

function renameInConstraint(constraint: EntityConstraint, rename: Rename): EntityConstraint {
  if (constraint.type === "UNIQUE_COMPOSITE") return { ...constraint, fields: constraint.fields.map(rename) };
  const field = rename(constraint.field);
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    return { ...constraint, field, when: { ...constraint.when, field: rename(constraint.when.field) } };
  }
  return { ...constraint, field, otherField: rename(constraint.otherField) };
}

function renameInIndex({ fields, unique, where }: EntityIndex, rename: Rename): EntityIndex {
  const renamed = { fields: fields.map(rename), unique };
  if (!where) return renamed;
  const terms = Object.entries(where).map(([name, test]) => [rename(name), test] as const);
  return { ...renamed, where: Object.fromEntries(terms) };
}

function renameInSettings(settings: EntitySettings, inPath: Rename): EntitySettings {
  return {
    ...settings,
    defaultFields: settings.defaultFields?.map(inPath) ?? null,
    filterableFields: settings.filterableFields?.map(inPath) ?? null,
  };
}

/** `customer.email` of an order names a column of Customer: it is renamed only if the path leads to the owner. */
function renameInPath(
  catalog: Catalog,
  definition: EntityDefinition,
  { path, owner, rename }: { path: string; owner: Entity; rename: Rename },
): string {
  const segments = path.split(".");
  const last = segments.pop() ?? "";
  let at = catalog.entities.get(definition.name);
  for (const segment of segments) {
    const target = at?.relationships.get(segment)?.target;
    at = target === undefined ? undefined : catalog.entities.get(target);
  }
  const isColumn = at?.id === owner.id && !at.relationships.has(last);
  return isColumn ? [...segments, rename(last)].join(".") : path;
}
