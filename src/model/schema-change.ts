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

/** SAFE loses nothing; LOSSY destroys data; BLOCKED: existing data stands against it. */
export const RISKS = ["SAFE", "LOSSY", "BLOCKED"] as const;
export type Risk = (typeof RISKS)[number];

/** One difference between two schemas, as the admin API shows it. */
export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** Its name after the change; of a dropped entity the one it had. */
  readonly entity: string;
  /** Likewise. */
  readonly column?: string;
  /** Of a rename: the name before. */
  readonly from?: string;
  /** Of a constraint: its type. */
  readonly constraint?: string;
  /** Of ALTER_COLUMN and CHANGE_SETTINGS: what differs. */
  readonly properties?: readonly string[];
  readonly risk: Risk;
  /** Of BLOCKED: which records stand against it. */
  readonly reason?: string;
}
