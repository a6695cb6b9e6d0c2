import { type SQL, sql } from "drizzle-orm";
import { columnTypeOf } from "../../columns/registry.ts";
import { DEFAULT_SCALE } from "../../columns/types/decimal.ts";
import type { Column } from "../../model/column.ts";
import type { JsonValue } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import type { MeasureFunction } from "../ast.ts";
import { toJson } from "./shape-record.ts";

/** A measure as cells of a row: what to select, what to sort by, and how to read it back. */
export interface CompiledMeasure {
  readonly cells: readonly SQL[];
  readonly sortBy: readonly SQL[];
  shape(cells: readonly SqlValue[]): JsonValue;
}

/** Digits that a double always carries exactly. */
const EXACT_DIGITS = 15;
const TWO_TO_32 = 4_294_967_296n;

export function compileMeasure(
  name: MeasureFunction,
  field: { readonly column: Column; readonly sql: SQL } | null,
): CompiledMeasure {
  if (!field || name === "count") return single(sql`count(*)`, Number);
  const { column, sql: value } = field;
  switch (name) {
    case "countDistinct":
      return single(sql`count(DISTINCT ${value})`, Number);
    case "min":
      return single(sql`min(${value})`, (cell) => toJson(column, cell));
    case "max":
      return single(sql`max(${value})`, (cell) => toJson(column, cell));
    case "sum":
      return columnTypeOf(column).storage === "REAL"
        ? single(sql`sum(${value})`, asNumber)
        : exactSum(value, column);
    case "avg":
      return columnTypeOf(column).storage === "REAL"
        ? single(sql`avg(${value})`, asNumber)
        : exactAverage(value, column);
  }
}

function single(cell: SQL, shape: (value: SqlValue) => JsonValue): CompiledMeasure {
  return { cells: [cell], sortBy: [cell], shape: ([value = null]) => shape(value) };
}

const asNumber = (value: SqlValue): JsonValue => (value === null ? null : Number(value));

/** In halves of 32 bits, because SQLite's own SUM of 64-bit integers fails on overflow; both compare in order. */
function halves(value: SQL): readonly [SQL, SQL] {
  const low = sql`sum(${value} & 4294967295)`;
  return [sql`(sum(${value} >> 32) + (${low} >> 32))`, sql`(${low} & 4294967295)`];
}

function exactSum(value: SQL, column: Column): CompiledMeasure {
  const cells = halves(value);
  return {
    cells,
    sortBy: cells,
    shape: ([high = null, low = null]) =>
      high === null || low === null ? null : sumToJson(join(high, low), column),
  };
}

function exactAverage(value: SQL, column: Column): CompiledMeasure {
  return {
    cells: [...halves(value), sql`count(${value})`],
    sortBy: [sql`avg(${value})`],
    shape: ([high = null, low = null, count = null]) => {
      if (high === null || low === null || count === null) return null;
      return Number(join(high, low)) / (Number(count) * 10 ** scaleOf(column));
    },
  };
}

const join = (high: SqlValue, low: SqlValue): bigint => BigInt(high ?? 0) * TWO_TO_32 + BigInt(low ?? 0);

/** A number as long as a number is exact, else its digits as a string. Sums of BIGINT are strings like BIGINT itself. */
function sumToJson(sum: bigint, column: Column): JsonValue {
  if (column.type === "BIGINT") return sum.toString();
  const scale = scaleOf(column);
  const digits = (sum < 0n ? -sum : sum).toString();
  if (scale === 0 && Number.isSafeInteger(Number(sum))) return Number(sum);
  if (scale > 0 && digits.length <= EXACT_DIGITS) return Number(sum) / 10 ** scale;
  if (scale === 0) return sum.toString();
  const padded = digits.padStart(scale + 1, "0");
  return `${sum < 0n ? "-" : ""}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

const scaleOf = ({ type, scale }: Column): number => (type === "DECIMAL" ? (scale ?? DEFAULT_SCALE) : 0);
