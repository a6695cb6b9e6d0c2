import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";

/** Either the value as stored, or the public message that says what it must be. */
export type Parsed =
  | { readonly ok: true; readonly value: SqlValue }
  | { readonly ok: false; readonly message: string };

/** Which filter operators fit: text operators on `text` only, ordered comparison on all but `json` and `boolean`. */
export type ColumnFamily = "text" | "number" | "temporal" | "boolean" | "enum" | "uuid" | "json";

/** Everything the product knows of one column type. One file per type implements it; the registry holds them. */
export interface ColumnType {
  readonly name: ColumnTypeName;
  readonly family: ColumnFamily;
  /** Declared type in SQLite, hence its affinity. */
  readonly storage: "TEXT" | "INTEGER" | "REAL";
  /**
   * How to carry the value exactly inside a JSON sub-select: BIGINT as TEXT, DOUBLE with 17 digits; else as it is.
   */
  readonly jsonTransport?: "TEXT" | "REAL17";
  /** A JSON value of a body, never null → what is stored. Messages are those of the contract. */
  parse(value: JsonValue, column: Column): Parsed;
  /** The text of a query parameter → what is stored. */
  parseText(text: string, column: Column): Parsed;
  /** What is stored, never null → the JSON value of an answer. Accepts what `jsonTransport` yields too. */
  toJson(value: SqlValue, column: Column): JsonValue;
  /**
   * A stored value, in SQL, as an argument of `json_object` that gives what `toJson` gives; null stays null. Absent: the
   * value itself.
   */
  sqlJson?(stored: string, column: Column): string;
  /** JSON Schema (2020-12) of the non-null value. */
  jsonSchema(column: Column): JsonObject;
}
