import { columnTypeOf } from "../../src/columns/registry.ts";
import type { Column } from "../../src/model/column.ts";
import type { JsonValue } from "../../src/model/json.ts";

const NUMERIC: ReadonlySet<string> = new Set(["INTEGER", "BIGINT", "DECIMAL", "DOUBLE"]);

/** The value in the new column; undefined if the conversion would lose something. */
export function converted(value: JsonValue, from: Column, to: Column): JsonValue | undefined {
  const text = textOf(value, from);
  if (from.type === "DATE" && to.type === "DATETIME") return `${text}T00:00:00.000Z`;
  if (from.type === "DATETIME" && to.type === "DATE")
    return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : undefined;
  if (to.type === "BOOLEAN" && (text === "0" || text === "1")) return text === "1";
  const isNumeric = NUMERIC.has(to.type);
  if (isNumeric && !/^-?(?:0|[1-9]\d*)(?:\.\d*)?$/.test(text)) {
    return to.type === "DOUBLE" && String(Number(text)) === text ? Number(text) : undefined;
  }
  const trimmed = isNumeric && text.includes(".") ? text.replace(/\.?0*$/, "") : text;
  const parsed = columnTypeOf(to).parseText(trimmed, to);
  if (!parsed.ok || parsed.value === null) return undefined;
  const next = columnTypeOf(to).toJson(parsed.value, to);
  if (to.type === "JSON") return isKeptByJson(text, next) ? next : undefined;
  return textOf(next, to) === trimmed ? next : undefined;
}

function textOf(value: JsonValue, column: Column): string {
  if (column.type === "JSON") return JSON.stringify(value);
  return Object.is(value, -0) ? "0" : String(value);
}

/** Null is not a JSON value here, and a number must be the double of its digits. */
function isKeptByJson(text: string, value: JsonValue): boolean {
  if (value === null) return false;
  if (typeof value !== "number") return true;
  const digits = digitsOf(text);
  return digits.length <= 17 && digitsOf(value.toPrecision(Math.max(1, digits.length))) === digits;
}

const digitsOf = (text: string) =>
  text
    .replace(/e.*/i, "")
    .replace(/[-.]/g, "")
    .replace(/^0+|0+$/g, "");
