/**
 * A statement that the database refused. Private: its message may contain SQL and table names. Callers turn failures
 * that a client may see into domain errors; all others end as INTERNAL_ERROR.
 */
export class SqlFailure extends Error {
  /** The position among the caller's statements; −1 for the transaction's BEGIN. */
  readonly index: number;
  /** A primary result code, such as `SQLITE_CONSTRAINT`. */
  readonly code: string;

  constructor(index: number, code: string, message: string) {
    super(message);
    this.name = "SqlFailure";
    this.index = index;
    this.code = code;
  }

  /** Returns `["customers.email"]` for a failed UNIQUE, in the database's names; undefined for any other failure. */
  get uniqueColumns(): readonly string[] | undefined {
    return /UNIQUE constraint failed: (.+)$/.exec(this.message)?.[1]?.split(", ");
  }

  get isForeignKey(): boolean {
    return this.message.includes("FOREIGN KEY constraint failed");
  }

  /** A delete that cascades through more records in a row than SQLite's `SQLITE_MAX_TRIGGER_DEPTH`, 1,000. */
  get isTooDeep(): boolean {
    return this.message.includes("too many levels of trigger recursion");
  }

  /** A value, or the row that the statement returns, is larger than the server allows: 5 MB for `sqld`. */
  get isTooLarge(): boolean {
    return this.code === "SQLITE_TOOBIG";
  }

  get isNotNull(): boolean {
    return this.message.includes("NOT NULL constraint failed");
  }

  /** Whether a trigger raised the text, such as `FENCE`. A column's name may end with it too. */
  hasRaised(text: string): boolean {
    return this.code === "SQLITE_CONSTRAINT" && ` ${this.message}`.endsWith(` ${text}`);
  }
}
