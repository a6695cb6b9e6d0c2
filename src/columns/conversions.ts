import type { Column } from "../model/column.ts";
import { columnTypeOf } from "./registry.ts";

/**
 * The SQL expression that makes a value of the column `to` from one of `from`, stored at `name`; null for what does not
 * convert without loss.
 */
export function convertSql(name: string, { from, to }: { from: Column; to: Column }): string {
  const text = columnTypeOf(from).conversion.toText(name, from);
  const { fromText } = columnTypeOf(to).conversion;
  return text === name ? fromText(name, to) : `(SELECT ${fromText("t", to)} FROM (SELECT ${text} AS t))`;
}

/** Whether every value that converts is stored in the new type as it was in the old one. */
export function isStoredAlike(from: Column, to: Column): boolean {
  if (from.type === "DECIMAL" && to.type === "DECIMAL") return from.scale === to.scale;
  if (from.type === to.type) return true;
  const forms = [from, to].map(formOf);
  return forms[0] !== undefined && forms[0] === forms[1];
}

/** Texts are stored as their canonical text; plain integers are alike too. */
function formOf(column: Column): string | undefined {
  const { storage } = columnTypeOf(column);
  if (storage === "TEXT") return "TEXT";
  return column.type === "INTEGER" || column.type === "BIGINT" ? "INTEGER" : undefined;
}

/** Whether the column `to` holds everything that `from` may hold, so that no value needs to be looked at. */
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
