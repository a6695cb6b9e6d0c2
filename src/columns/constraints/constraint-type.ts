import type { Column, ColumnConstraint } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";

/** Whether a stored, non-null value passes. `now` is ISO 8601 UTC. */
export type Check = (value: SqlValue, now: string) => boolean;

export interface Bound {
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly value: SqlValue;
}

/** Everything the product knows of one kind of column constraint. */
export interface ConstraintType {
  readonly name: string;
  /** Whether it makes sense on a column of this type. */
  fits(column: Column): boolean;
  /** What is wrong with the constraint's `value`; undefined when nothing is. */
  problemOf(column: Column, constraint: ColumnConstraint): string | undefined;
  /** Made once an entity; the value has been found sound. */
  compile(column: Column, constraint: ColumnConstraint): Check;
  /** For rules that are one comparison with a number: the comparison in SQL, for values that the database computes. */
  bound?(column: Column, constraint: ColumnConstraint): Bound;
  /** Steps that a check of the value takes, where they are more than a few for each character. */
  compileSteps?(constraint: ColumnConstraint): (value: SqlValue) => number;
  /** The contract's default text. */
  message(constraint: ColumnConstraint): string;
  /** JSON Schema keywords that say the same; empty where JSON Schema cannot. */
  jsonSchema(column: Column, constraint: ColumnConstraint): JsonObject;
}
