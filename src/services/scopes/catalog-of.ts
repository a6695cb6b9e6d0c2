import type { NamedEntity } from "../../db/lookups.ts";
import { buildCatalog, type Catalog } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";

const catalogs = new WeakMap<readonly NamedEntity[], Catalog>();

/** Builds the catalog of entities by their current names. Entities without a definition have no columns. */
export function catalogOf(entities: readonly NamedEntity[]): Catalog {
  const known = catalogs.get(entities);
  if (known) return known;
  const definitions = entities.map(
    ({ id, name, definition }): EntityDefinition => definition ?? { ...BARE, id, name, tableName: name },
  );
  const catalog = buildCatalog({ ...NOWHERE, definitions });
  catalogs.set(entities, catalog);
  return catalog;
}

const BARE: Omit<EntityDefinition, "id" | "name" | "tableName"> = {
  idType: "INTEGER",
  columns: [],
  constraints: [],
  relationships: [],
  settings: {
    defaultExpand: null,
    defaultFields: null,
    expandableRelationships: null,
    filterableFields: null,
    maxExpandDepth: null,
  },
};

const NOWHERE = {
  workspaceId: 0,
  organization: "",
  workspace: "",
  schemaVersion: 0,
  maxExpandDepth: null,
};
