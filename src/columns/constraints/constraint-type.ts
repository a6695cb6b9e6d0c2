import type { Column, ColumnConstraint } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";

/** Whether a stored, non-null value passes. `now` is ISO 8601 UTC. */
export type Check = (value: SqlValue, now: string) => boolean;

export interface Bound {
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly value: SqlValue;
}

/** A kind of column constraint. */
export interface ConstraintType {
  readonly name: string;
  /** Whether a column of this type can have the constraint. */
  fits(column: Column): boolean;
  /** Returns what is wrong with the constraint's `value`, or undefined. */
  problemOf(column: Column, constraint: ColumnConstraint): string | undefined;
  /** Makes the check once for each entity. The value is already valid. */
  compile(column: Column, constraint: ColumnConstraint): Check;
  /** For rules that compare with a number: the comparison in SQL, for values that the database computes. */
  bound?(column: Column, constraint: ColumnConstraint): Bound;
  /** The steps that a check of the value takes, if more than a few per character. */
  compileSteps?(constraint: ColumnConstraint): (value: SqlValue) => number;
  /** The contract's default text. */
  message(constraint: ColumnConstraint): string;
  /** JSON Schema keywords for the same rule; empty where JSON Schema has none. */
  jsonSchema(column: Column, constraint: ColumnConstraint): JsonObject;
}
