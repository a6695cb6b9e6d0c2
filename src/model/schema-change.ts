export const SCHEMA_CHANGE_KINDS = [
  "ADD_ENTITY",
  "DROP_ENTITY",
  "RENAME_ENTITY",
  "ADD_COLUMN",
  "DROP_COLUMN",
  "RENAME_COLUMN",
  "ALTER_COLUMN",
  "ADD_CONSTRAINT",
  "DROP_CONSTRAINT",
  "CHANGE_SETTINGS",
] as const;
export type SchemaChangeKind = (typeof SCHEMA_CHANGE_KINDS)[number];

/** SAFE loses nothing. LOSSY destroys data. BLOCKED conflicts with existing data. */
export const RISKS = ["SAFE", "LOSSY", "BLOCKED"] as const;
export type Risk = (typeof RISKS)[number];

/** One difference between two schemas, as the admin API shows it. */
export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** The entity's name after the change; for DROP_ENTITY the name before. */
  readonly entity: string;
  /** The column's name, likewise. */
  readonly column?: string;
  /** For a rename: the old name. */
  readonly from?: string;
  /** For a constraint: its type. */
  readonly constraint?: string;
  /** For ALTER_COLUMN and CHANGE_SETTINGS: what differs. */
  readonly properties?: readonly string[];
  readonly risk: Risk;
  /** For BLOCKED: which records conflict with it. */
  readonly reason?: string;
}
