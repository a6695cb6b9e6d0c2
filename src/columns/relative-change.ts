import type { Column } from "../model/column.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { quoteName } from "../model/names.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";
import { constraintTypes } from "./constraints/registry.ts";
import { columnTypeOf } from "./registry.ts";
import { MAX_JSON_BYTES, TOO_LARGE } from "./types/json.ts";

/*
 * Changes relative to the stored value, such as `{"$increment":-1}`. The database computes the new value and checks
 * it in the statement that writes it, so no change is lost when two clients change a value at once.
 */

export interface RelativeChange {
  /** The new value in SQL. The statement fails, naming column and rule, if it would break a rule of the column. */
  readonly expression: Statement;
  /** The value for a record that does not exist yet; undefined if there is nothing to start from. */
  readonly initial: JsonValue | undefined;
}

/** A change, or why it is not one. */
export type ReadChange = RelativeChange | { readonly problem: string };

export const NOTHING_TO_CHANGE = "has no value to change";

/** A rule that the new value must satisfy. */
interface ResultRule {
  readonly message: string;
  readonly rule: string;
  holds(result: Statement): Statement;
}

const OPERATORS = ["$increment", "$append", "$remove"] as const;

/** Returns the change that a sent value asks for; undefined for a plain value. */
export function readChange(column: Column, sent: JsonValue): ReadChange | undefined {
  if (!isJsonObject(sent) || column.name === "id") return undefined;
  const names = Object.keys(sent);
  if (column.type === "JSON") return readArrayChange(column, sent);
  const operator = names.find((name) => name.startsWith("$"));
  if (operator === undefined) return undefined;
  if (!OPERATORS.some((known) => known === operator) && operator !== "$default")
    return { problem: `has no operator '${operator}'${adviceFor(column)}` };
  if (!isNumber(column) || !Object.hasOwn(sent, "$increment"))
    return { problem: `cannot be changed by ${operator}` };
  if (column.unique) return { problem: "cannot be changed by $increment, because it is unique" };
  return increment(column, sent);
}

const isNumber = (column: Column) => columnTypeOf(column).family === "number" && !column.references;

/** The operator that a column takes. */
function adviceFor(column: Column): string {
  if (column.references) return " — use $by";
  if (column.type === "DATETIME") return " — use $now";
  return isNumber(column) ? " — use $increment" : "";
}

/** Any other object is a value of the column. */
function readArrayChange(column: Column, sent: JsonObject): ReadChange | undefined {
  const names = Object.keys(sent);
  const [name] = names;
  if ((name !== "$append" && name !== "$remove") || names.length > 2) return undefined;
  if (names.length === 1) return changeArray(column, name, sent[name] ?? null);
  const isBoth = Object.hasOwn(sent, "$append") && Object.hasOwn(sent, "$remove");
  return isBoth ? { problem: "takes $append or $remove, not both" } : undefined;
}

function increment(column: Column, sent: JsonObject): ReadChange {
  const { $increment, $default, ...others } = sent;
  const [other] = Object.keys(others);
  if (other !== undefined) return { problem: `takes $increment and $default, not '${other}'` };
  const type = columnTypeOf(column);
  const step = type.parse($increment ?? null, column);
  if (!step.ok) return { problem: `cannot be changed: $increment ${step.message}` };
  const start = $default === undefined ? undefined : type.parse($default, column);
  if (start && !start.ok) return { problem: `cannot be changed: $default ${start.message}` };
  const name = quoteName(column.columnName);
  const stored: Statement = start
    ? { sql: `coalesce(${name}, ?)`, args: [start.value] }
    : { sql: name, args: [] };
  const result: Statement = { sql: `(${stored.sql} + ?)`, args: [...stored.args, step.value] };
  return {
    expression: checked(column, { stored, result }),
    initial: start && type.toJson(sumOf(start.value, step.value), column),
  };
}

/** Decimals are scaled integers, so the sum is exact. */
function sumOf(left: SqlValue, right: SqlValue): SqlValue {
  const isExact = typeof left === "bigint" || typeof right === "bigint";
  return isExact ? BigInt(left ?? 0) + BigInt(right ?? 0) : Number(left) + Number(right);
}

/** `->` returns each element as the stored JSON text, so no number is rounded. */
function changeArray(column: Column, operator: "$append" | "$remove", value: JsonValue): ReadChange {
  const element = columnTypeOf(column).parse(value, column);
  if (!element.ok) return { problem: element.message };
  const name = quoteName(column.columnName);
  const sql =
    operator === "$append"
      ? `json_insert(${name}, '$[#]', json(?))`
      : `(SELECT json_group_array(json(element)) FROM (SELECT ${name} -> fullkey AS element FROM json_each(${name}) ORDER BY key) WHERE element <> ?)`;
  const stored = { sql: name, args: [] };
  return {
    expression: checked(column, { stored, result: { sql, args: [element.value] } }),
    initial: undefined,
  };
}

interface Computed {
  readonly stored: Statement;
  readonly result: Statement;
}

/** Checks every rule before the result is used. The first broken rule fails the statement. */
function checked(column: Column, { stored, result }: Computed): Statement {
  const cases = [`WHEN ${stored.sql} IS NULL THEN ${failing(column, 0)}`];
  const args = [...stored.args];
  for (const [index, rule] of rulesOf(column).entries()) {
    const condition = rule.holds(result);
    cases.push(`WHEN NOT (${condition.sql}) THEN ${failing(column, index + 1)}`);
    args.push(...condition.args);
  }
  return { sql: `CASE ${cases.join(" ")} ELSE ${result.sql} END`, args: [...args, ...result.args] };
}

/**
 * SQLite can raise errors with a custom text in triggers only. But its errors name the JSON path that it could not
 * read.
 */
const failing = ({ name }: Column, rule: number) => `json_extract('{}', 'CHANGE:${name}:${rule}')`;

function rulesOf(column: Column): readonly ResultRule[] {
  if (column.type === "JSON") return arrayRules(column);
  const ofType = columnTypeOf(column).sumRules?.(column) ?? [];
  const bounds = column.constraints.flatMap((constraint): readonly ResultRule[] => {
    const type = constraintTypes.get(constraint.type);
    const bound = type?.bound?.(column, constraint);
    if (!type || !bound) return [];
    const message = constraint.message ?? type.message(constraint);
    const holds = ({ sql, args }: Statement) => ({
      sql: `${sql} ${bound.operator} ?`,
      args: [...args, bound.value],
    });
    return [{ message, rule: type.name, holds }];
  });
  const sums = ofType.map(({ message, holds }) => ({
    message,
    rule: "TYPE",
    holds: ({ sql, args }: Statement) => ({ sql: holds(sql), args }),
  }));
  return [...sums, ...bounds];
}

const arrayRules = ({ columnName }: Column): readonly ResultRule[] => [
  {
    message: "must be an array to take $append or $remove",
    rule: "TYPE",
    holds: () => ({ sql: `json_type(${quoteName(columnName)}) = 'array'`, args: [] }),
  },
  {
    message: TOO_LARGE,
    rule: "TYPE",
    holds: ({ sql, args }) => ({ sql: `length(CAST(${sql} AS BLOB)) <= ${MAX_JSON_BYTES}`, args }),
  },
];

/** Returns the rule that a change broke, from the database's message; undefined for other failures. */
export function brokenChangeOf(columns: readonly Column[], message: string) {
  const [, name, rule] = /'CHANGE:([A-Za-z]\w*):(\d+)'/.exec(message) ?? [];
  const column = columns.find((candidate) => candidate.name === name);
  if (!column) return undefined;
  const broken = rulesOf(column)[Number(rule) - 1];
  return {
    field: column.name,
    message: broken?.message ?? NOTHING_TO_CHANGE,
    rule: broken?.rule ?? "REQUIRED",
  };
}
