import { columnTypeOf } from "../../columns/registry.ts";
import { badRequest } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { MAX_EXPANDED_IN_ALL, MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Selection } from "../plan/plan.ts";
import { boundsOf, branchesOf } from "./branches.ts";
import { JSON_CHUNK_SIZE } from "./compile-selection.ts";

/** What a JSON array made by `compileJsonRow` holds once parsed. */
type Cell = SqlValue | readonly Cell[];
type Shaper = (cells: readonly Cell[], start: number) => JsonObject;

/** A function from the cells of a selection, beginning at `start` of a row, to the record. Made once per answer. */
export function shaperOf(selection: Selection): Shaper {
  return shaper(selection, (cell) => (typeof cell === "string" ? JSON.parse(cell) : null));
}

export type JsonCells = readonly Cell[];

/** As shaperOf, for the parsed JSON array that `compileJsonRow` makes. */
export function jsonShaperOf(selection: Selection): (cells: JsonCells) => JsonObject {
  const shape = shaper(selection, (cell) => cell ?? null);
  return (cells) => shape(isWide(selection) ? (cells.flat() as JsonCells) : cells, 0);
}

/** Whether the array is one of arrays, because SQLite's functions take no more arguments. */
const isWide = ({ columns, expansions }: Selection) => columns.length + expansions.length > JSON_CHUNK_SIZE;

/** To-one objects stand right behind their foreign key, arrays behind all columns. */
function shaper(selection: Selection, read: (cell: Cell | undefined) => Cell): Shaper {
  const columnCells = new Map(selection.columns.map((column, index) => [column, index]));
  const expansions = selection.expansions.map((expansion, index) => ({
    expansion,
    index: selection.columns.length + index,
    shape: shapeExpansion(expansion),
  }));
  const steps: { name: string; index: number; shape: (cell: Cell | undefined) => JsonValue }[] = [];
  for (const column of selection.entity.columns) {
    const index = columnCells.get(column);
    if (index !== undefined) steps.push({ name: column.name, index, shape: cellShaper(column) });
    for (const { expansion, index: at, shape } of expansions) {
      const { relationship } = expansion.hop;
      if (relationship.kind !== "TO_ONE" || relationship.column !== column) continue;
      steps.push({ name: relationship.name, index: at, shape: (cell) => shape(read(cell)) });
    }
  }
  for (const { expansion, index, shape } of expansions) {
    const { kind, name } = expansion.hop.relationship;
    if (kind !== "TO_ONE") steps.push({ name, index, shape: (cell) => shape(read(cell)) });
  }
  return (cells, start) => {
    const record: Record<string, JsonValue> = {};
    for (const { name, index, shape } of steps) record[name] = shape(cells[start + index]);
    return record;
  };
}

function shapeExpansion({ hop, selection }: Expansion): (cell: Cell) => JsonValue {
  const shape = jsonShaperOf(selection);
  const shapeOne = (cell: Cell): JsonValue => (isList(cell) ? shape(cell) : null);
  if (hop.relationship.kind === "TO_ONE") return shapeOne;
  return (cell) => {
    if (typeof cell === "string") throw exceededBound({ hop, selection }, cell);
    const records = isList(cell) ? cell : [];
    if (records.length > MAX_EXPANDED_RECORDS) throw tooManyRecords({ hop, selection });
    return records.map(shapeOne);
  };
}

/** What `compileExpansion` has put in the place of the records. */
function exceededBound(expansion: Expansion, cell: string) {
  const [index = 0, limit] = cell.split(":").map(Number);
  return tooManyInAll(boundsOf(branchesOf(expansion))[index]?.last ?? expansion, limit);
}

/** The type is looked up once per answer instead of once per cell. */
function cellShaper(column: Column): (cell: Cell | undefined) => JsonValue {
  const type = columnTypeOf(column);
  return (cell) => (cell === undefined || cell === null || isList(cell) ? null : type.toJson(cell, column));
}

const isList = (cell: Cell): cell is readonly Cell[] => Array.isArray(cell);

/** An expansion is never cut in silence. */
export const tooManyRecords = (expansion: Expansion) =>
  unexpandable(expansion, `a record has more than ${MAX_EXPANDED_RECORDS} of them`);

export const tooManyInAll = (expansion: Expansion, limit = MAX_EXPANDED_IN_ALL) =>
  unexpandable(
    expansion,
    `it leads from one record to more than ${limit}`,
    limit < MAX_EXPANDED_IN_ALL ? "take smaller pages, or " : "",
  );

const unexpandable = ({ hop }: Expansion, why: string, orElse = "") =>
  badRequest(
    `Cannot expand '${hop.relationship.name}': ${why} — ${orElse}list ${hop.entity.name} with a filter instead`,
  );
