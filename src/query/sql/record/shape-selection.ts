import { columnTypeOf } from "../../../columns/registry.ts";
import type { Column } from "../../../model/column.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import { MAX_EXPANDED_RECORDS } from "../../limits.ts";
import type { Expansion, Selection } from "../../plan/plan.ts";
import { tooManyRecords } from "../expansion-bounds/expansion-errors.ts";
import { groupsOf, placeOf } from "./compile-selection.ts";
import type { JsonCell } from "./json-cell.ts";

/** The content of a text by `compileJsonRow`: groups of values, then the records of each expansion, then others. */
export type JsonRow = readonly (readonly (JsonCell | JsonRow)[])[];

/** A function from the parsed texts of a selection to its records. Made once per response. */
export function shaperOf(selection: Selection): (row: JsonRow) => JsonObject {
  const groups = groupsOf(selection);
  const positions = new Map(selection.columns.map((column, index) => [column, index]));
  const expansions = selection.expansions.map((expansion, index) => {
    const { relationship } = expansion.hop;
    const shape = shapeExpansion(expansion);
    return { relationship, read: (row: JsonRow) => shape(row[groups + index] ?? []) };
  });
  /* To-one objects come right after their foreign key, arrays after all columns. */
  const fields: { readonly name: string; readonly read: (row: JsonRow) => JsonValue }[] = [];
  for (const column of selection.entity.columns) {
    const position = positions.get(column);
    if (position !== undefined) fields.push({ name: column.name, read: cellReader(column, position) });
    for (const { relationship, read } of expansions) {
      if (relationship.kind === "TO_ONE" && relationship.column === column)
        fields.push({ name: relationship.name, read });
    }
  }
  for (const { relationship, read } of expansions) {
    if (relationship.kind !== "TO_ONE") fields.push({ name: relationship.name, read });
  }
  return (row) => {
    const record: Record<string, JsonValue> = {};
    for (const { name, read } of fields) record[name] = read(row);
    return record;
  };
}

/** Looks the type up once per response instead of once per cell. */
function cellReader(column: Column, position: number): (row: JsonRow) => JsonValue {
  const type = columnTypeOf(column);
  const { group, index } = placeOf(position);
  return (row) => {
    const cell = row[group]?.[index];
    return cell === undefined || cell === null || isRow(cell) ? null : type.toJson(cell, column);
  };
}

function shapeExpansion(expansion: Expansion): (records: JsonRow[number]) => JsonValue {
  const { hop, selection } = expansion;
  const shape = shaperOf(selection);
  const shapeOne = (row: JsonCell | JsonRow | undefined): JsonValue => (isRow(row) ? shape(row) : null);
  if (hop.relationship.kind === "TO_ONE") return ([row]) => shapeOne(row);
  return (rows) => {
    if (rows.length > MAX_EXPANDED_RECORDS) throw tooManyRecords(expansion);
    return rows.map(shapeOne);
  };
}

const isRow = (cell: JsonCell | JsonRow | undefined): cell is JsonRow => Array.isArray(cell);
