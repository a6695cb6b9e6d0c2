import { type SQL, sql } from "drizzle-orm";
import type { OperatorName } from "../../operators.ts";
import type { PlanValue } from "../../plan/predicate.ts";

type Compile = (column: SQL, value: PlanValue, second: PlanValue) => SQL;

const LAST_CODE_POINT = 0x10ffff;

/** One stored value each. `like` and its siblings treat `%`, `_`, `*` and `?` as ordinary characters. */
const compileOne = {
  eq: (column, value) => sql`${column} = ${value}`,
  neq: (column, value) => sql`${column} IS NOT ${value}`,
  gt: (column, value) => sql`${column} > ${value}`,
  gte: (column, value) => sql`${column} >= ${value}`,
  lt: (column, value) => sql`${column} < ${value}`,
  lte: (column, value) => sql`${column} <= ${value}`,
  like: (column, value) => sql`instr(${column}, ${value}) > 0`,
  ilike: (column, value) => sql`instr(lower(${column}), lower(${value})) > 0`,
  startsWith: (column, value) => compileStartsWith(column, String(value)),
  endsWith: (column, value) => compileEndsWith(column, String(value)),
  between: (column, value, second) => sql`${column} BETWEEN ${value} AND ${second}`,
  isNull: (column) => sql`${column} IS NULL`,
  isNotNull: (column) => sql`${column} IS NOT NULL`,
} satisfies Partial<Record<OperatorName, Compile>>;

export function compileTest(operator: OperatorName, column: SQL, values: readonly PlanValue[]): SQL {
  if (operator === "in") return sql`${column} IN ${[...values]}`;
  if (operator === "notIn") return sql`(${column} IS NULL OR ${column} NOT IN ${[...values]})`;
  const [value = null, second = null] = values;
  const compile: Compile = compileOne[operator];
  return compile(column, value, second);
}

/** A range if possible, because a range can use the column's index. */
function compileStartsWith(column: SQL, prefix: string): SQL {
  if (prefix === "") return sql`${column} IS NOT NULL`;
  const end = afterPrefix(prefix);
  if (end !== null) return sql`(${column} >= ${prefix} AND ${column} < ${end})`;
  return sql`substr(CAST(${column} AS BLOB), 1, ${byteLength(prefix)}) = CAST(${prefix} AS BLOB)`;
}

/** Compares bytes, because `substr` of text stops at a NUL. In UTF-8, a suffix of bytes is a suffix of characters. */
function compileEndsWith(column: SQL, suffix: string): SQL {
  if (suffix === "") return sql`${column} IS NOT NULL`;
  return sql`substr(CAST(${column} AS BLOB), ${-byteLength(suffix)}) = CAST(${suffix} AS BLOB)`;
}

/**
 * The least text that is greater than every text with this prefix, in the order of code points, which is also the
 * order of SQLite's bytes. Null if there is none.
 */
function afterPrefix(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  const last = points.pop();
  if (last === undefined || last >= LAST_CODE_POINT) return null;
  const next = last + 1 >= 0xd800 && last + 1 <= 0xdfff ? 0xe000 : last + 1;
  return String.fromCodePoint(...points, next);
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length;
