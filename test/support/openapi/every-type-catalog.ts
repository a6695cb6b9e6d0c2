import { COLUMN_TYPES } from "../../../src/model/column.ts";
import { type ColumnSketch, reference, sketchCatalog } from "../sketch-catalog.ts";

const columns: readonly ColumnSketch[] = COLUMN_TYPES.map((type) => ({
  name: `${type.toLowerCase()}Field`,
  type,
  ...(type === "ENUM" && { values: ["A", "B"], default: "A" }),
}));

/** Every column type, as nullable and as required, and an entity with a UUID id that refers to it. */
export const everyTypeCatalog = sketchCatalog([
  {
    name: "Everything",
    columns: [
      ...columns,
      ...columns.map((column) => ({ ...column, name: `${column.name}Required`, nullable: false })),
      { name: "limited", type: "VARCHAR", length: 20, constraints: [{ type: "PATTERN", value: "(?i)a" }] },
      {
        name: "bounded",
        type: "VARCHAR",
        length: 20,
        constraints: [
          { type: "MAX_LENGTH", value: 9 },
          { type: "PATTERN", value: "^A" },
          { type: "NOT_BLANK" },
        ],
      },
      {
        name: "score",
        type: "INTEGER",
        constraints: [{ type: "POSITIVE" }, { type: "MIN", value: 5 }, { type: "NEGATIVE_OR_ZERO" }],
      },
      {
        name: "address",
        type: "TEXT",
        constraints: [{ type: "EMAIL" }, { type: "URL" }, { type: "MIN_LENGTH", value: "3" }],
      },
      { name: "changedAt", type: "DATETIME", autoSet: "UPDATE" },
    ],
    settings: { filterableFields: ["bounded", "others.note"], expandableRelationships: [] },
  },
  {
    name: "Other",
    idType: "UUID",
    columns: [
      reference("everythingId", "Everything", { relationship: "everything", inverse: "others" }),
      { name: "note", type: "TEXT" },
    ],
  },
]);
