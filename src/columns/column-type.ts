import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";

/**
 * The stored value, or the public message that says what the value must be. If a value is only too long, both are
 * present, so that other rules can check it too.
 */
export type Parsed =
  | { readonly ok: true; readonly value: SqlValue }
  | { readonly ok: false; readonly message: string; readonly value?: SqlValue };

/**
 * Decides which filter operators fit: text operators on `text` only, ordered comparison on all but `json` and
 * `boolean`.
 */
export type ColumnFamily = "text" | "number" | "temporal" | "boolean" | "enum" | "uuid" | "json";

/**
 * SQL expressions that change a column's type. Every type converts to canonical text and back, so no conversion loses
 * anything. Null stays null. `text` and `stored` are names or bracketed expressions.
 */
export interface Conversion {
  /** The stored value as canonical text: the text of its JSON value, without quotes. */
  toText(stored: string, column: Column): string;
  /** The stored value; null for a text that the column cannot store. */
  fromText(text: string, column: Column): string;
}

export interface SumRule {
  readonly message: string;
  holds(sum: string): string;
}

/** A column type. Each type is one file that implements this interface, and one entry of the registry. */
export interface ColumnType {
  readonly name: ColumnTypeName;
  readonly family: ColumnFamily;
  /** The type declared in SQLite, which decides its affinity. */
  readonly storage: "TEXT" | "INTEGER" | "REAL";
  /**
   * Carries the value exactly inside a JSON sub-select: BIGINT as TEXT, DOUBLE with 17 digits. Other types need
   * nothing.
   */
  readonly jsonTransport?: "TEXT" | "REAL17";
  /** Converts a JSON value of a body, never null, to the stored value. Messages are those of the contract. */
  parse(value: JsonValue, column: Column): Parsed;
  /** Converts the text of a query parameter to the stored value. */
  parseText(text: string, column: Column): Parsed;
  /**
   * Converts a text that a filter compares with. It can be more precise than stored values; the result then sorts
   * between two of them. Default: `parseText`.
   */
  readonly parseBound?: (text: string, column: Column) => Parsed;
  /** Converts a stored value, never null, to the JSON value of a response. Accepts what `jsonTransport` yields too. */
  toJson(value: SqlValue, column: Column): JsonValue;
  /** For numbers: SQL conditions that a computed sum must satisfy, and the message if it does not. */
  sumRules?(column: Column): readonly SumRule[];
  /** Converts stored values to those of another type, in SQL. */
  readonly conversion: Conversion;
  /** JSON Schema (2020-12) of the non-null value. */
  jsonSchema(column: Column): JsonObject;
}
