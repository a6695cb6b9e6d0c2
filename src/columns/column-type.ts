import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";

/**
 * Either the value as stored, or the public message that says what it must be; with the value when it is one of the
 * type and only too long, so that other rules can be told of it too.
 */
export type Parsed =
  | { readonly ok: true; readonly value: SqlValue }
  | { readonly ok: false; readonly message: string; readonly value?: SqlValue };

/** Which filter operators fit: text operators on `text` only, ordered comparison on all but `json` and `boolean`. */
export type ColumnFamily = "text" | "number" | "temporal" | "boolean" | "enum" | "uuid" | "json";

/**
 * SQL expressions by which a column changes its type: every type goes to canonical text and comes from it, so that a
 * conversion loses nothing. Null stays null. `text` and `stored` are names or bracketed expressions.
 */
export interface Conversion {
  /** The stored value as canonical text: that of its JSON value, without quotes. */
  toText(stored: string, column: Column): string;
  /** The value as stored; null for a text that the column cannot hold. */
  fromText(text: string, column: Column): string;
}

export interface SumRule {
  readonly message: string;
  holds(sum: string): string;
}

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
  /**
   * The text of a value to compare with, where it can be finer than what is stored: a text between the two stored ones.
   * Absent: `parseText`.
   */
  readonly parseBound?: (text: string, column: Column) => Parsed;
  /** What is stored, never null → the JSON value of an answer. Accepts what `jsonTransport` yields too. */
  toJson(value: SqlValue, column: Column): JsonValue;
  /**
   * For numbers: what must hold for a sum that the database computes, as SQL conditions on it, and what to say otherwise.
   */
  sumRules?(column: Column): readonly SumRule[];
  /** How stored values become those of another type, in SQL. */
  readonly conversion: Conversion;
  /** JSON Schema (2020-12) of the non-null value. */
  jsonSchema(column: Column): JsonObject;
}
