import { type SQL, sql } from "drizzle-orm";
import { columnTypeOf } from "../../../columns/registry.ts";
import { DEFAULT_SCALE } from "../../../columns/types/decimal.ts";
import { badRequest } from "../../../errors/api-errors.ts";
import type { Column } from "../../../model/column.ts";
import type { JsonValue } from "../../../model/json.ts";
import type { SqlValue } from "../../../model/sql-value.ts";
import type { MeasureFunction } from "../../ast.ts";
import { echo } from "../../messages.ts";
import { toJson } from "../record/shape-record.ts";

/** A measure as cells of a row: what to select, what to sort by, and how to decode it. */
export interface CompiledMeasure {
  readonly cells: readonly SQL[];
  readonly sortBy: readonly SQL[];
  shape(cells: readonly SqlValue[]): JsonValue;
}

interface MeasuredField {
  /** The dotted name. */
  readonly name: string;
  readonly column: Column;
  readonly sql: SQL;
}

/** Digits that a double always carries exactly. */
const EXACT_DIGITS = 15;
const TWO_TO_32 = 4_294_967_296n;

export function compileMeasure(name: MeasureFunction, field: MeasuredField | null): CompiledMeasure {
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
      return columnTypeOf(column).storage === "REAL" ? doubleSum(value, field.name) : exactSum(value, column);
    case "avg":
      return columnTypeOf(column).storage === "REAL" ? doubleAverage(value) : exactAverage(value, column);
  }
}

function single(cell: SQL, shape: (value: SqlValue) => JsonValue): CompiledMeasure {
  return { cells: [cell], sortBy: [cell], shape: ([value = null]) => shape(value) };
}

/**
 * A measure of doubles, null if it overflows, and the measure of 2^-32 of each value, which never does. SQLite returns
 * null or infinity for an overflow, even if later values would bring the sum back.
 */
function doubles(value: SQL, measure: (value: SQL) => SQL): readonly [SQL, SQL] {
  const direct = measure(value);
  const inRange = sql`CASE WHEN abs(${direct}) <= ${Number.MAX_VALUE} THEN ${direct} END`;
  return [inRange, measure(sql`${value} / 4294967296.0`)];
}

const inOrder = ([inRange, scaled]: readonly [SQL, SQL]): SQL =>
  sql`coalesce(${inRange}, ${scaled} * 4294967296.0)`;

function doubleSum(value: SQL, name: string): CompiledMeasure {
  const cells = doubles(value, (each) => sql`sum(${each})`);
  return {
    cells,
    sortBy: [inOrder(cells)],
    shape([inRange = null, scaled = null]) {
      if (scaled === null) return null;
      const sum = inRange === null ? Number(scaled) * Number(TWO_TO_32) : Number(inRange);
      if (Number.isFinite(sum)) return sum;
      throw badRequest(`The sum of ${echo(name)} is larger than any DOUBLE — narrow it with a filter`);
    },
  };
}

/** An average is between its values, so only rounding can take it out of range. */
function doubleAverage(value: SQL): CompiledMeasure {
  const cells = doubles(value, (each) => sql`avg(${each})`);
  return {
    cells,
    sortBy: [inOrder(cells)],
    shape([inRange = null, scaled = null]) {
      if (scaled === null || inRange !== null) return inRange === null ? null : Number(inRange);
      const average = Number(scaled) * Number(TWO_TO_32);
      return Math.max(-Number.MAX_VALUE, Math.min(average, Number.MAX_VALUE));
    },
  };
}

/** In halves of 32 bits, because SQLite's own SUM of 64-bit integers fails on overflow. Both compare in order. */
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

/** A number as long as it is exact, otherwise its digits as a string. Sums of BIGINT are always strings. */
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
