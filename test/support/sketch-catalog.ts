import { buildCatalog, type Catalog } from "../../src/model/catalog.ts";
import type { Column } from "../../src/model/column.ts";
import type {
  EntityDefinition,
  EntityIndex,
  EntitySettings,
  ManyToManyDefinition,
} from "../../src/model/entity.ts";
import { defaultTableName, toSnakeCase } from "../../src/model/names.ts";

export type ColumnSketch = Partial<Column> & Pick<Column, "name" | "type">;

export interface EntitySketch {
  readonly name: string;
  readonly idType?: EntityDefinition["idType"];
  readonly columns: readonly ColumnSketch[];
  readonly relationships?: readonly ManyToManyDefinition[];
  readonly indexes?: readonly EntityIndex[];
  readonly settings?: Partial<EntitySettings>;
}

const NO_SETTINGS: EntitySettings = {
  defaultExpand: null,
  defaultFields: null,
  expandableRelationships: null,
  filterableFields: null,
  maxExpandDepth: null,
};

/** Fills in what a test does not care about. */
export function sketchCatalog(
  sketches: readonly EntitySketch[],
  maxExpandDepth: number | null = null,
): Catalog {
  return buildCatalog({
    workspaceId: 1,
    organization: "acme",
    workspace: "shop",
    schemaVersion: 1,
    maxExpandDepth,
    definitions: sketches.map(definitionOf),
  });
}

function definitionOf(sketch: EntitySketch): EntityDefinition {
  const id = `e-${sketch.name}`;
  return {
    id,
    name: sketch.name,
    tableName: defaultTableName(sketch.name),
    idType: sketch.idType ?? "INTEGER",
    columns: sketch.columns.map((column) => ({
      id: `${id}-${column.name}`,
      columnName: toSnakeCase(column.name),
      nullable: true,
      unique: false,
      indexed: false,
      constraints: [],
      ...column,
    })),
    constraints: [],
    ...(sketch.indexes && { indexes: sketch.indexes }),
    relationships: sketch.relationships ?? [],
    settings: { ...NO_SETTINGS, ...sketch.settings },
  };
}

/** A reference column; `inverse` names the way back. */
export function reference(
  name: string,
  entity: string,
  options: { readonly relationship: string; readonly inverse: string | null; readonly nullable?: boolean },
): ColumnSketch {
  const { relationship, inverse, nullable = true } = options;
  return {
    name,
    type: "INTEGER",
    nullable,
    references: { entity, relationship, inverse, onDelete: "RESTRICT" },
  };
}
