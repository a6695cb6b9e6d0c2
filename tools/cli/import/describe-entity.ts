import { buildCatalog } from "../../../src/model/catalog.ts";
import type { Column } from "../../../src/model/column.ts";
import type { Entity, EntityConstraint, EntityDefinition } from "../../../src/model/entity.ts";
import { toSnakeCase } from "../../../src/model/names.ts";
import { fetchData } from "../api/api-data.ts";
import type { Addressed } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";

type DescribedColumn = Omit<Column, "id" | "columnName">;

interface Description {
  readonly schemaVersion: number;
  readonly entities: readonly {
    readonly name: string;
    readonly columns: readonly DescribedColumn[];
    readonly constraints: readonly EntityConstraint[];
  }[];
}

/** An entity among all that the key knows. */
export interface DescribedEntity {
  readonly entity: Entity;
  readonly entities: ReadonlyMap<string, Entity>;
}

/**
 * Fetches an entity as the workspace describes it to the key. Columns and rules are the server's, so its validation can
 * run here. Ids and the names of table and columns, which a key does not see, have default values. Throws OperatorError if
 * there is no such entity.
 */
export async function describeEntity({ client, path }: Addressed, name: string): Promise<DescribedEntity> {
  const described = await fetchData<Description>(client, { method: "GET", path });
  const { entities } = buildCatalog({
    workspaceId: 0,
    organization: "",
    workspace: "",
    schemaVersion: described.schemaVersion,
    maxExpandDepth: null,
    definitions: described.entities.map(toDefinition),
  });
  const entity = entities.get(name);
  if (entity) return { entity, entities };
  const names = [...entities.keys()].join(", ");
  throw usageError(`There is no entity ${name}. The workspace has ${names || "none"}.`);
}

function toDefinition({ name, columns, constraints }: Description["entities"][number]): EntityDefinition {
  const hasUuid = columns.some((column) => column.name === "id" && column.type === "UUID");
  return {
    id: name,
    name,
    tableName: toSnakeCase(name),
    idType: hasUuid ? "UUID" : "INTEGER",
    columns: columns.filter((column) => column.name !== "id").map(complete),
    constraints,
    relationships: [],
    settings: {
      defaultExpand: null,
      defaultFields: null,
      expandableRelationships: null,
      filterableFields: null,
      maxExpandDepth: null,
    },
  };
}

const complete = (column: DescribedColumn): Column => ({
  ...column,
  id: column.name,
  columnName: toSnakeCase(column.name),
});

/** Fetches the column names by field, which need the admin token. Throws as ApiClient.send. */
export async function fetchColumnNames(
  { client, path }: Addressed,
  entity: string,
): Promise<ReadonlyMap<string, string>> {
  const request = { method: "GET", path: `${path}/entities/${encodeURIComponent(entity)}` };
  const { columns } = await fetchData<{ columns: readonly Column[] }>(client, request);
  return new Map(columns.map(({ name, columnName }) => [name, columnName]));
}
