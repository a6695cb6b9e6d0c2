import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonValue } from "../model/json.ts";
import type { ColumnType, Parsed } from "./column-type.ts";

const ok = (value: string | number | bigint | null): Parsed => ({ ok: true, value });
const no = (message: string): Parsed => ({ ok: false, message });
const isText = (v: JsonValue): v is string => typeof v === "string";
function text(
  name: ColumnTypeName,
  family: ColumnType["family"],
  parseText: (t: string, c: Column) => Parsed,
  msg: string,
): ColumnType {
  return {
    name,
    family,
    storage: "TEXT",
    parse: (v, c) => (isText(v) ? parseText(v, c) : no(msg)),
    parseText,
    toJson: (v) => String(v),
    jsonSchema: () => ({ type: "string" }),
  };
}
const count = (t: string) => [...t].length;
const DT = "must be a valid date-time (ISO 8601)";
function datetime(t: string): Parsed {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(t)) return no(DT);
  const d = new Date(t);
  return Number.isNaN(d.getTime()) ? no(DT) : ok(d.toISOString());
}
const integer = (n: number) =>
  !Number.isInteger(n)
    ? no("must be an integer")
    : !Number.isSafeInteger(n)
      ? no("must be an integer between -9007199254740991 and 9007199254740991")
      : ok(n);
export const columnTypes: Readonly<Record<ColumnTypeName, ColumnType>> = {
  VARCHAR: text(
    "VARCHAR",
    "text",
    (t, c) => (count(t) > (c.length ?? 255) ? no(`must be at most ${c.length ?? 255} characters`) : ok(t)),
    "must be a string",
  ),
  TEXT: text(
    "TEXT",
    "text",
    (t) => (count(t) > 100000 ? no("must be at most 100000 characters") : ok(t)),
    "must be a string",
  ),
  INTEGER: {
    name: "INTEGER",
    family: "number",
    storage: "INTEGER",
    parse: (v) => (typeof v === "number" ? integer(v) : no("must be an integer")),
    parseText: (t) => (/^-?\d+$/.test(t) ? integer(Number(t)) : no("must be an integer")),
    toJson: (v) => Number(v),
    jsonSchema: () => ({ type: "integer" }),
  },
  BIGINT: {
    name: "BIGINT",
    family: "number",
    storage: "INTEGER",
    jsonTransport: "TEXT",
    parse: (v) =>
      typeof v === "number"
        ? integer(v)
        : isText(v) && /^-?\d{1,19}$/.test(v)
          ? ok(BigInt(v))
          : no("must be an integer"),
    parseText: (t) => (/^-?\d{1,19}$/.test(t) ? ok(BigInt(t)) : no("must be an integer")),
    toJson: (v) => String(v),
    jsonSchema: () => ({ type: "string" }),
  },
  DECIMAL: {
    name: "DECIMAL",
    family: "number",
    storage: "INTEGER",
    parse: (v, c) => (typeof v === "number" ? decimal(String(v), c) : no("must be a number")),
    parseText: decimal,
    toJson: (v, c) => Number(v) / 10 ** (c.scale ?? 2),
    jsonSchema: () => ({ type: "number" }),
  },
  DOUBLE: {
    name: "DOUBLE",
    family: "number",
    storage: "REAL",
    jsonTransport: "REAL17",
    parse: (v) => (typeof v === "number" && Number.isFinite(v) ? ok(v) : no("must be a number")),
    parseText: (t) =>
      t.trim() !== "" && Number.isFinite(Number(t)) ? ok(Number(t)) : no("must be a number"),
    toJson: (v) => Number(v),
    jsonSchema: () => ({ type: "number" }),
  },
  BOOLEAN: {
    name: "BOOLEAN",
    family: "boolean",
    storage: "INTEGER",
    parse: (v) => (typeof v === "boolean" ? ok(v ? 1 : 0) : no("must be a boolean")),
    parseText: (t) => (t === "true" ? ok(1) : t === "false" ? ok(0) : no("must be a boolean")),
    toJson: (v) => v === 1,
    jsonSchema: () => ({ type: "boolean" }),
  },
  DATE: text(
    "DATE",
    "temporal",
    (t) =>
      /^\d{4}-\d\d-\d\d$/.test(t) && !Number.isNaN(Date.parse(t)) && new Date(t).toISOString().startsWith(t)
        ? ok(t)
        : no("must be a valid date (YYYY-MM-DD)"),
    "must be a valid date (YYYY-MM-DD)",
  ),
  TIME: text(
    "TIME",
    "temporal",
    (t) =>
      /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?$/.test(t)
        ? ok(t.length === 5 ? `${t}:00` : t)
        : no("must be a valid time (HH:MM:SS)"),
    "must be a valid time (HH:MM:SS)",
  ),
  DATETIME: text("DATETIME", "temporal", datetime, DT),
  UUID: text(
    "UUID",
    "uuid",
    (t) =>
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(t)
        ? ok(t.toLowerCase())
        : no("must be a valid UUID"),
    "must be a valid UUID",
  ),
  ENUM: text(
    "ENUM",
    "enum",
    (t, c) => (c.values?.includes(t) ? ok(t) : no(`must be one of: ${c.values?.join(", ")}`)),
    "must be a string",
  ),
  JSON: {
    name: "JSON",
    family: "json",
    storage: "TEXT",
    parse: (v) => ok(JSON.stringify(v)),
    parseText: (t) => ok(t),
    toJson: (v) => JSON.parse(String(v)),
    jsonSchema: () => ({}),
  },
};
function decimal(t: string, c: Column): Parsed {
  const m = /^(-?)(\d+)(?:\.(\d+))?$/.exec(t);
  const scale = c.scale ?? 2;
  if (!m) return no("must be a number");
  const frac = m[3] ?? "";
  if (frac.length > scale) return no(`must have at most ${scale} decimal places`);
  return ok(Number(`${m[1]}${m[2]}${frac.padEnd(scale, "0")}`));
}
export const columnTypeOf = (column: Column): ColumnType => columnTypes[column.type];
