import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonValue } from "../model/json.ts";
import type { ColumnType, Parsed } from "./column-type.ts";
import { bigint } from "./types/bigint.ts";
import { boolean } from "./types/boolean.ts";
import { date } from "./types/date.ts";
import { datetime } from "./types/datetime.ts";
import { decimal } from "./types/decimal.ts";
import { double } from "./types/double.ts";
import { enumeration } from "./types/enum.ts";
import { integer } from "./types/integer.ts";
import { json } from "./types/json.ts";
import { text } from "./types/text.ts";
import { time } from "./types/time.ts";
import { uuid } from "./types/uuid.ts";
import { varchar } from "./types/varchar.ts";

/** All column types. A new type is one file and one entry here. */
export const columnTypes: Readonly<Record<ColumnTypeName, ColumnType>> = {
  VARCHAR: varchar,
  TEXT: text,
  INTEGER: integer,
  BIGINT: bigint,
  DECIMAL: decimal,
  DOUBLE: double,
  BOOLEAN: boolean,
  DATE: date,
  TIME: time,
  DATETIME: datetime,
  UUID: uuid,
  ENUM: enumeration,
  JSON: json,
};

/** Converts the text of a value to compare with to its stored form. */
export function readBoundText(text: string, column: Column): Parsed {
  const { parseBound, parseText } = columnTypes[column.type];
  return (parseBound ?? parseText)(text, column);
}

/** Converts a JSON value to compare with to its stored form. */
export function readBound(value: JsonValue, column: Column): Parsed {
  const type = columnTypes[column.type];
  const isText = typeof value === "string" && type.parseBound !== undefined;
  return isText ? readBoundText(value, column) : type.parse(value, column);
}

export const columnTypeOf = (column: Column): ColumnType => columnTypes[column.type];
