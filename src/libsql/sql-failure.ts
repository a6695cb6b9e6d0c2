/**
 * A statement that the database refused. Private: its message may hold SQL and table names. Whoever runs statements
 * turns the failures that a client may see into domain errors; the rest end as INTERNAL_ERROR.
 */
export class SqlFailure extends Error {
  /** Position of the statement among those of the caller; −1 for the transaction's begin. */
  readonly index: number;
  /** A primary result code, such as `SQLITE_CONSTRAINT`. */
  readonly code: string;

  constructor(index: number, code: string, message: string) {
    super(message);
    this.name = "SqlFailure";
    this.index = index;
    this.code = code;
  }

  /** `["customers.email"]` of a failed UNIQUE, in the database's names; undefined when it is another failure. */
  get uniqueColumns(): readonly string[] | undefined {
    return /UNIQUE constraint failed: (.+)$/.exec(this.message)?.[1]?.split(", ");
  }

  get isForeignKey(): boolean {
    return this.message.includes("FOREIGN KEY constraint failed");
  }

  /** A delete that cascades through more records in a row than SQLite's `SQLITE_MAX_TRIGGER_DEPTH`, which is 1,000. */
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

  /** Whether a trigger raised the text, such as `FENCE`, which may also be the end of a column's name. */
  hasRaised(text: string): boolean {
    return this.code === "SQLITE_CONSTRAINT" && ` ${this.message}`.endsWith(` ${text}`);
  }
}
