import type { Detail } from "../../errors/app-error.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";

/** Finds settings with unknown names, which would make every request fail that uses them. */
export function checkSettings(catalog: Catalog, { settings, ...entity }: Entity): readonly Detail[] {
  const { defaultExpand, defaultFields, expandableRelationships, filterableFields } = settings;
  const isField = (path: string) => findsColumn(catalog, entity, path) || findsEntity(catalog, entity, path);
  const isColumn = (path: string) => findsColumn(catalog, entity, path);
  const isRelationship = (path: string) => findsEntity(catalog, entity, path);
  return [
    ...unknownIn("defaultExpand", defaultExpand, isRelationship),
    ...unknownIn("defaultFields", defaultFields, isField),
    ...unknownIn("expandableRelationships", expandableRelationships, isRelationship),
    ...unknownIn("filterableFields", filterableFields, isColumn),
  ];
}

type Paths = readonly string[] | null;

function unknownIn(setting: string, paths: Paths, isKnown: (path: string) => boolean): readonly Detail[] {
  return (paths ?? []).flatMap((path, i) => {
    return isKnown(path) ? [] : [{ field: `settings.${setting}[${i}]`, message: `'${path}' is unknown` }];
  });
}

type Resolvable = Pick<Entity, "relationships" | "columnByName">;

/** The entity at the end of a path of relationships. */
function entityAt(catalog: Catalog, entity: Resolvable, segments: readonly string[]): Resolvable | undefined {
  return segments.reduce<Resolvable | undefined>((at, segment) => {
    const target = at?.relationships.get(segment)?.target;
    return target === undefined ? undefined : entityNamed(catalog, target);
  }, entity);
}

function findsColumn(catalog: Catalog, entity: Resolvable, path: string): boolean {
  const segments = path.split(".");
  return entityAt(catalog, entity, segments.slice(0, -1))?.columnByName.has(segments.at(-1) ?? "") ?? false;
}

const findsEntity = (catalog: Catalog, entity: Resolvable, path: string): boolean =>
  entityAt(catalog, entity, path.split(".")) !== undefined;
