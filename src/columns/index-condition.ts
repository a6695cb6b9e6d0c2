import type { Detail } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import type { EntityIndex } from "../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { columnTypeOf } from "./registry.ts";

/*
 * The condition of a partial index, in the terms of the filter language: fields with a value, null, or an object of
 * operators. A record must match all of them.
 */

const COMPARISONS = { eq: "=", neq: "IS NOT", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;
const OPERATORS = [...Object.keys(COMPARISONS), "in", "isNull", "isNotNull"];

export interface IndexTerm {
  readonly column: Column;
  /** The SQL between the column and the values. */
  readonly operator: string;
  /** The stored values; empty where the operator needs none. */
  readonly values: readonly SqlValue[];
}

type ByName = ReadonlyMap<string, Column>;

/** Returns the terms of a condition, without the invalid ones; `problemsOfIndexes` reports those. */
export const indexTerms = (where: JsonObject, byName: ByName): readonly IndexTerm[] =>
  readTerms(where, byName).flatMap((term) => ("problem" in term ? [] : [term]));

/** Returns what is wrong with the indexes of an entity. `columns` are all of its columns, including `id`. */
export function problemsOfIndexes(
  indexes: readonly EntityIndex[],
  columns: readonly Column[],
): readonly Detail[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return indexes.flatMap(({ fields, where = {} }, i) => {
    const path = `indexes[${i}]`;
    const unknown = fields.flatMap((name, f) => {
      const type = byName.get(name)?.type;
      if (type !== undefined && type !== "JSON") return [];
      const message = type ? "must not be JSON" : `'${name}' is not a field of this entity`;
      return [{ field: `${path}.fields[${f}]`, message }];
    });
    const isRepeated = new Set(fields).size < fields.length;
    const repeated = isRepeated ? [{ field: `${path}.fields`, message: "must not repeat a field" }] : [];
    const broken = readTerms(where, byName).flatMap((term) => {
      return "problem" in term ? [{ field: `${path}.where.${term.name}`, message: term.problem }] : [];
    });
    return [...unknown, ...repeated, ...broken];
  });
}

type Read = IndexTerm | { readonly name: string; readonly problem: string };

function readTerms(where: JsonObject, byName: ByName): readonly Read[] {
  return Object.entries(where).flatMap(([name, test]): readonly Read[] => {
    const column = byName.get(name);
    if (!column) return [{ name, problem: `'${name}' is not a field of this entity` }];
    const tests: JsonObject = isJsonObject(test) ? test : { eq: test };
    return Object.entries(tests).map(([operator, value]) => readTerm(column, operator, value));
  });
}

function readTerm(column: Column, operator: string, value: JsonValue): Read {
  const refuse = (problem: string) => ({ name: column.name, problem });
  if (!OPERATORS.includes(operator)) return refuse(`takes only the operators ${OPERATORS.join(", ")}`);
  if (column.type === "JSON" && !operator.startsWith("is"))
    return refuse("is JSON, which cannot be compared");
  if (operator === "isNull" || operator === "isNotNull") {
    if (typeof value !== "boolean") return refuse(`'${operator}' takes true or false`);
    return { column, operator: value === (operator === "isNull") ? "IS NULL" : "IS NOT NULL", values: [] };
  }
  if (value === null && (operator === "eq" || operator === "neq"))
    return { column, operator: operator === "eq" ? "IS NULL" : "IS NOT NULL", values: [] };
  const given = operator === "in" && Array.isArray(value) ? value : [value];
  if (given.length === 0) return refuse("'in' takes at least one value");
  const values: SqlValue[] = [];
  for (const each of given) {
    if (each === null) return refuse("cannot be compared with null — use isNull");
    const parsed = columnTypeOf(column).parse(each, column);
    if (!parsed.ok) return refuse(parsed.message);
    values.push(parsed.value);
  }
  return {
    column,
    operator: operator === "in" ? "IN" : COMPARISONS[operator as keyof typeof COMPARISONS],
    values,
  };
}
