import { columnTypeOf } from "../../columns/registry.ts";
import { badRequest } from "../../errors/api-errors.ts";
import { addDuration } from "../../lib/duration.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { claimAt, type OperandSource, parseOperand } from "../../model/operand.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { MAX_LIST_VALUES } from "../limits.ts";
import { echo } from "../messages.ts";
import type { OperatorName } from "../operators.ts";

/** A value of a rule that each request provides, read as a value of the column. */
export interface Operand {
  readonly source: OperandSource;
  readonly column: Column;
  /** Whether the value may be a list. Then it must be the only value. */
  readonly isList: boolean;
}

/** The source of operand values. */
export interface Circumstances {
  readonly claims: JsonObject;
  readonly now: Date;
}

interface OperandPlace {
  readonly column: Column;
  readonly operator: OperatorName;
  /** Whether it is the only value. */
  readonly isAlone: boolean;
}

/** These compile to ranges and lengths that depend on the value itself. */
const NEEDS_TEXT: ReadonlySet<OperatorName> = new Set(["startsWith", "endsWith"]);
const DATED = ["DATE", "DATETIME"];

/** Throws BAD_REQUEST for a value that is not an operand, or does not fit the field or the operator. */
export function planOperand(value: JsonObject, { column, operator, isAlone }: OperandPlace): Operand {
  const source = parseOperand(value);
  const shown = echo(JSON.stringify(value));
  if (!source) {
    throw badRequest(
      `Invalid operand ${shown} — write {"$claim":"sub"}, or {"$now":"-P1D"} with an ISO 8601 duration`,
    );
  }
  if (NEEDS_TEXT.has(operator)) throw badRequest(`Operator '${operator}' takes no operand, not ${shown}`);
  if ("now" in source && !DATED.includes(column.type))
    throw badRequest(`Operand ${shown} does not fit field '${column.name}', which is ${column.type}`);
  return { source, column, isList: isAlone && (operator === "in" || operator === "notIn") };
}

/** The values of an operand; null if its claim is missing or cannot be a value of the column. */
export function valuesOf(
  { source, column, isList }: Operand,
  { claims, now }: Circumstances,
): readonly SqlValue[] | null {
  if ("now" in source) {
    const moment = addDuration(now, source.now);
    if (Number.isNaN(moment.getTime())) return null;
    const time = moment.toISOString();
    return readClaim(column.type === "DATE" ? time.slice(0, 10) : time, column);
  }
  const claim = claimAt(claims, source.claim);
  if (claim === undefined || claim === null) return null;
  if (!Array.isArray(claim)) return readClaim(claim, column);
  if (!isList || claim.length > MAX_LIST_VALUES) return null;
  /* A value that the column cannot have equals none. */
  return claim.flatMap((each: JsonValue) => readClaim(each, column) ?? []);
}

/** A claim may be a text where the column is not: `sub` always is. */
function readClaim(value: JsonValue, column: Column): readonly [SqlValue] | null {
  if (value === null) return null;
  const type = columnTypeOf(column);
  const parsed = typeof value === "string" ? type.parseText(value, column) : type.parse(value, column);
  return parsed.ok ? [parsed.value] : null;
}
