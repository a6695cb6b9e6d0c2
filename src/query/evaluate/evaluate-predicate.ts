import { asciiLower } from "../../lib/ascii-lower.ts";
import type { Column } from "../../model/column.ts";
import { Slot, type SqlValue } from "../../model/sql-value.ts";
import type { OperatorName } from "../operators.ts";
import type { Hop, Predicate } from "../plan/predicate.ts";

/** A record in memory, with stored values. Null at the end of a null reference. */
export interface EvaluatedRecord {
  valueOf(column: Column): SqlValue;
  /** The record of a to-one relationship. */
  related(hop: Hop): EvaluatedRecord;
}

/**
 * Whether a record satisfies a predicate, exactly as its SQL would. Supports to-one relationships only, and no
 * operands.
 */
export function evaluatePredicate(predicate: Predicate, record: EvaluatedRecord): boolean {
  switch (predicate.kind) {
    case "ALL":
      return predicate.predicates.every((each) => evaluatePredicate(each, record));
    case "ANY":
      return predicate.predicates.some((each) => evaluatePredicate(each, record));
    case "NOT":
      return !evaluatePredicate(predicate.predicate, record);
    case "RELATED":
      return evaluatePredicate(predicate.predicate, record.related(predicate.hop));
    case "TEST":
      return holds(predicate.operator, record.valueOf(predicate.column), predicate.values.map(constantOf));
  }
}

function constantOf(value: SqlValue | Slot): SqlValue {
  if (value instanceof Slot) throw new Error("an operand has no value outside a request");
  return value;
}

type Compare = (stored: string | number | bigint, values: readonly SqlValue[]) => boolean;

const order = (left: SqlValue, right: SqlValue | undefined) => compareStored(left, right ?? null);

const comparisons: Readonly<
  Record<Exclude<OperatorName, "neq" | "notIn" | "isNull" | "isNotNull">, Compare>
> = {
  eq: (stored, [value]) => order(stored, value) === 0,
  in: (stored, values) => values.some((value) => order(stored, value) === 0),
  gt: (stored, [value]) => order(stored, value) > 0,
  gte: (stored, [value]) => order(stored, value) >= 0,
  lt: (stored, [value]) => order(stored, value) < 0,
  lte: (stored, [value]) => order(stored, value) <= 0,
  between: (stored, [low, high]) => order(stored, low) >= 0 && order(stored, high) <= 0,
  like: (stored, [part]) => String(stored).includes(String(part)),
  ilike: (stored, [part]) => asciiLower(String(stored)).includes(asciiLower(String(part))),
  startsWith: (stored, [part]) => String(stored).startsWith(String(part)),
  endsWith: (stored, [part]) => String(stored).endsWith(String(part)),
};

/** Comparisons with null are false, so their negations are true. */
function holds(operator: OperatorName, stored: SqlValue, values: readonly SqlValue[]): boolean {
  if (operator === "isNull") return stored === null;
  if (operator === "isNotNull") return stored !== null;
  if (operator === "neq") return !holds("eq", stored, values);
  if (operator === "notIn") return !holds("in", stored, values);
  return stored !== null && comparisons[operator](stored, values);
}

const encoder = new TextEncoder();

/** SQLite's order: nulls first, numbers by value, texts by their UTF-8 bytes. */
function compareStored(left: SqlValue, right: SqlValue): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (typeof left === "string" && typeof right === "string") return compareBytes(left, right);
  return left < right ? -1 : Number(left > right);
}

function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}
