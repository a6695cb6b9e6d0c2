import type { JsonValue } from "./json.ts";

export const COLUMN_TYPES = [
  "VARCHAR",
  "TEXT",
  "INTEGER",
  "BIGINT",
  "DECIMAL",
  "DOUBLE",
  "BOOLEAN",
  "DATE",
  "TIME",
  "DATETIME",
  "UUID",
  "ENUM",
  "JSON",
] as const;
export type ColumnTypeName = (typeof COLUMN_TYPES)[number];

export const ON_DELETE_ACTIONS = ["RESTRICT", "CASCADE", "SET_NULL"] as const;
export type OnDelete = (typeof ON_DELETE_ACTIONS)[number];

export interface ColumnConstraint {
  /** A name of the constraint registry, such as `MIN_LENGTH`. */
  readonly type: string;
  readonly value?: string | number;
  /** Replaces the default message. */
  readonly message?: string;
}

export interface ColumnReference {
  /** The entity whose `id` this column contains. */
  readonly entity: string;
  /** The name of the to-one relationship, such as `customer`. */
  readonly relationship: string;
  /** The name of the to-many relationship on the other entity; null for none. */
  readonly inverse: string | null;
  readonly onDelete: OnDelete;
  /** What the relationship means, in the owner's words. */
  readonly description?: string | undefined;
}

/** A column with every default filled in. The record's `id` is a column too, the first of its entity. */
export interface Column {
  /** Stable: survives renames. */
  readonly id: string;
  readonly name: string;
  /** Former names, so that a document from another deployment can rename it. */
  readonly previousNames?: readonly string[] | undefined;
  readonly columnName: string;
  /** What it means, in the owner's words. */
  readonly description?: string | undefined;
  readonly type: ColumnTypeName;
  readonly nullable: boolean;
  readonly unique: boolean;
  readonly indexed: boolean;
  /** For VARCHAR: the most code points. */
  readonly length?: number;
  /** For DECIMAL: digits in all, and digits after the point. */
  readonly precision?: number;
  readonly scale?: number;
  /** For ENUM. */
  readonly values?: readonly string[];
  /** For UUID: whether an absent value becomes a version 7 UUID on create. */
  readonly generated?: boolean;
  /** For DATETIME: the server writes it, clients may not. */
  readonly autoSet?: "INSERT" | "UPDATE";
  /** As in JSON bodies. Absent means null. */
  readonly default?: JsonValue;
  readonly constraints: readonly ColumnConstraint[];
  readonly references?: ColumnReference;
}
