import type { Column } from "../../model/column.ts";
import { columnTypeOf } from "../registry.ts";

/** The rest of a DATETIME that a DATE is the same as: the moment at which the date begins in UTC. */
const MIDNIGHT = "T00:00:00.000Z";

/**
 * The SQL expression that converts the value stored at `name` from the column `from` to the column `to`; null for a
 * value that would lose something.
 */
export function convertSql(name: string, { from, to }: { from: Column; to: Column }): string {
  if (from.type === "DATE" && to.type === "DATETIME") return `${name} || '${MIDNIGHT}'`;
  if (from.type === "DATETIME" && to.type === "DATE")
    return `CASE WHEN substr(${name}, 11) = '${MIDNIGHT}' THEN substr(${name}, 1, 10) END`;
  const text = columnTypeOf(from).conversion.toText(name, from);
  const { fromText } = columnTypeOf(to).conversion;
  return text === name ? fromText(name, to) : `(SELECT ${fromText("t", to)} FROM (SELECT ${text} AS t))`;
}

/** Whether every value that converts keeps its stored form. */
export function isStoredAlike(from: Column, to: Column): boolean {
  if (from.type === "DECIMAL" && to.type === "DECIMAL") return from.scale === to.scale;
  if (from.type === to.type) return true;
  const forms = [from, to].map(formOf);
  return forms[0] !== undefined && forms[0] === forms[1] && !isDateAndDatetime(from, to);
}

const isDateAndDatetime = (...columns: readonly Column[]) =>
  columns.some(({ type }) => type === "DATE") && columns.some(({ type }) => type === "DATETIME");

/** Texts are stored as their canonical text, and plain integers are stored alike. */
function formOf(column: Column): string | undefined {
  const { storage } = columnTypeOf(column);
  if (storage === "TEXT") return "TEXT";
  return column.type === "INTEGER" || column.type === "BIGINT" ? "INTEGER" : undefined;
}

/** Whether the column `to` can store every value of `from`, so that no value needs to be checked. */
export function isWider(from: Column, to: Column): boolean {
  if (from.type !== to.type) {
    const isText = to.type === "TEXT" && (from.type === "VARCHAR" || from.type === "ENUM");
    return isText || (from.type === "INTEGER" && to.type === "BIGINT");
  }
  const { length = 0, precision = 0, scale = 0, values = [] } = to;
  if (from.scale !== to.scale) return scale > (from.scale ?? 0) && precision - scale >= wholeDigitsOf(from);
  const held = new Set(values);
  return (
    length >= (from.length ?? 0) &&
    precision >= (from.precision ?? 0) &&
    (from.values ?? []).every((value) => held.has(value))
  );
}

const wholeDigitsOf = ({ precision = 0, scale = 0 }: Column) => precision - scale;
