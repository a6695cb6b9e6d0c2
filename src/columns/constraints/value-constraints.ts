import type { Column, ColumnConstraint } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { columnTypeOf, readBoundText } from "../registry.ts";
import type { Bound, Check, ConstraintType } from "./constraint-type.ts";

const isNumber = (column: Column) => columnTypeOf(column).family === "number" && !column.references;
const isTemporal = (column: Column) => columnTypeOf(column).family === "temporal";
const isDay = (column: Column) => column.type === "DATE" || column.type === "DATETIME";
const takesNothing = (_: Column, { value }: ColumnConstraint) =>
  value === undefined ? undefined : "takes no value";

/** Compares two stored values of one column type: numbers and big integers by value, texts by time. */
function compare(left: SqlValue, right: SqlValue): number {
  if (left === null || right === null || left === right) return 0;
  return left < right ? -1 : 1;
}

function boundRule(name: "MIN" | "MAX", keyword: string): ConstraintType {
  const isMin = name === "MIN";
  const boundOf = (column: Column, { value }: ColumnConstraint) => readBoundText(String(value ?? ""), column);
  const limitOf = (column: Column, constraint: ColumnConstraint) => {
    const bound = boundOf(column, constraint);
    return bound.ok ? bound.value : null;
  };
  return {
    name,
    fits: (column) => isNumber(column) || isTemporal(column),
    problemOf(column, constraint) {
      const bound = boundOf(column, constraint);
      return bound.ok ? undefined : bound.message;
    },
    compile(column, constraint) {
      const limit = limitOf(column, constraint);
      return isMin ? (value) => compare(value, limit) >= 0 : (value) => compare(value, limit) <= 0;
    },
    bound: (column, constraint) => ({ operator: isMin ? ">=" : "<=", value: limitOf(column, constraint) }),
    message: ({ value }) => `must be at ${isMin ? "least" : "most"} ${value}`,
    jsonSchema(column, { value }) {
      const isPlain = columnTypeOf(column).family === "number" && column.type !== "BIGINT";
      return isPlain ? { [keyword]: Number(value) } : {};
    },
  };
}

interface ValueRule {
  readonly operator: Bound["operator"];
  readonly text: string;
  readonly schema: JsonObject;
  readonly test: Check;
}

function signRule(name: string, { operator, text, schema, test }: ValueRule): ConstraintType {
  const jsonSchema = (column: Column) => (column.type === "BIGINT" ? {} : schema);
  return {
    name,
    fits: isNumber,
    problemOf: takesNothing,
    compile: () => test,
    bound: () => ({ operator, value: 0 }),
    message: () => text,
    jsonSchema,
  };
}

/** A DATE is compared with the current day in UTC, which is neither past nor future. */
function timeRule(name: "PAST" | "FUTURE", text: string): ConstraintType {
  const isPast = name === "PAST";
  const sideOf = (value: SqlValue, now: string) =>
    compare(value, String(value).length === 10 ? now.slice(0, 10) : now);
  const check: Check = isPast
    ? (value, now) => sideOf(value, now) < 0
    : (value, now) => sideOf(value, now) > 0;
  return {
    name,
    fits: isDay,
    problemOf: takesNothing,
    compile: () => check,
    message: () => text,
    jsonSchema: () => ({}),
  };
}

export const valueConstraints: readonly ConstraintType[] = [
  boundRule("MIN", "minimum"),
  boundRule("MAX", "maximum"),
  signRule("POSITIVE", {
    operator: ">",
    text: "must be greater than 0",
    schema: { exclusiveMinimum: 0 },
    test: (value) => compare(value, 0) > 0,
  }),
  signRule("NEGATIVE", {
    operator: "<",
    text: "must be less than 0",
    schema: { exclusiveMaximum: 0 },
    test: (value) => compare(value, 0) < 0,
  }),
  signRule("POSITIVE_OR_ZERO", {
    operator: ">=",
    text: "must be 0 or greater",
    schema: { minimum: 0 },
    test: (value) => compare(value, 0) >= 0,
  }),
  signRule("NEGATIVE_OR_ZERO", {
    operator: "<=",
    text: "must be 0 or less",
    schema: { maximum: 0 },
    test: (value) => compare(value, 0) <= 0,
  }),
  timeRule("PAST", "must be in the past"),
  timeRule("FUTURE", "must be in the future"),
];
