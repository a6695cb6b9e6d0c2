import type { Catalog } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import { constraintFields, type Entity, type EntitySettings, type Relationship } from "../../model/entity.ts";

/** Ids of readable fields by the id of their entity. Entities that are not listed are whole. */
export type ReadableFields = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The catalog without unreadable fields: without these columns, relationships over them, and rules and settings that
 * name them. Entities without hidden fields are the same objects.
 */
export function visibleCatalogOf(catalog: Catalog, readable: ReadableFields): Catalog {
  if (readable.size === 0) return catalog;
  const entities = new Map<string, Entity>();
  for (const [name, entity] of catalog.entities) entities.set(name, withoutHidden(catalog, entity, readable));
  for (const [name, entity] of entities) entities.set(name, withoutHiddenPaths(entities, entity));
  return { ...catalog, entities };
}

function withoutHidden(catalog: Catalog, entity: Entity, readable: ReadableFields): Entity {
  const isReadable = (owner: Entity | undefined, { name, id }: Column): boolean =>
    owner !== undefined && (name === "id" || (readable.get(owner.id)?.has(id) ?? true));
  const canFollow = (each: Relationship): boolean => {
    if (each.kind === "TO_ONE") return isReadable(entity, each.column);
    if (each.kind === "TO_MANY") return isReadable(catalog.entities.get(each.target), each.targetColumn);
    const through = catalog.entities.get(each.through);
    return isReadable(through, each.sourceColumn) && isReadable(through, each.targetColumn);
  };
  const columns = entity.columns.filter((column) => isReadable(entity, column));
  const relationships = [...entity.relationships].filter(([, each]) => canFollow(each));
  if (columns.length === entity.columns.length && relationships.length === entity.relationships.size)
    return entity;
  const columnByName = new Map(columns.map((column) => [column.name, column]));
  const constraints = entity.constraints.filter((rule) =>
    constraintFields(rule).every((field) => columnByName.has(field)),
  );
  const own = entity.definition.columns.filter((column) => columns.includes(column));
  const definition = { ...entity.definition, columns: own, constraints };
  return {
    ...entity,
    columns,
    columnByName,
    constraints,
    relationships: new Map(relationships),
    definition,
  };
}

/** Suggestions and documents repeat the settings. */
function withoutHiddenPaths(entities: ReadonlyMap<string, Entity>, entity: Entity): Entity {
  const isKnown = (path: string): boolean => {
    const segments = path.split(".");
    const last = segments.pop() ?? "";
    let at: Entity | undefined = entity;
    for (const segment of segments) {
      const target: string | undefined = at?.relationships.get(segment)?.target;
      at = target === undefined ? undefined : entities.get(target);
    }
    return at !== undefined && (at.columnByName.has(last) || at.relationships.has(last));
  };
  const { settings } = entity;
  const lists = ["defaultExpand", "defaultFields", "expandableRelationships", "filterableFields"] as const;
  if (lists.every((name) => settings[name]?.every(isKnown) ?? true)) return entity;
  const narrowed: Partial<Record<keyof EntitySettings, readonly string[] | null>> = {};
  for (const name of lists) narrowed[name] = settings[name]?.filter(isKnown) ?? null;
  return { ...entity, settings: { ...settings, ...narrowed } as EntitySettings };
}
