import { LruMap } from "../../../src/lib/lru-map.ts";
import { encodeColumns } from "../hrana/encode-result.ts";
import type { NativeValue } from "../hrana/protocol.ts";
import { MAX_CACHED_LENGTH, type SqlStatement } from "../sql/analyze-sql.ts";
import { withStringFor } from "../sql/quoted-strings.ts";
import { type NativeDatabase, type NativeStatement, openNative, type RowReader } from "./native.ts";
import type { SchemaClock } from "./schema-clock.ts";
import { databaseReadonly, missingColumnOf, toHranaError } from "./sqlite-errors.ts";

const MAX_CACHED_STATEMENTS = 500;

export interface ConnectionOptions {
  readonly file: string;
  readonly synchronous: "normal" | "full";
  readonly clock: SchemaClock;
}

/** A prepared statement with its columns already encoded. */
export interface PreparedStatement {
  readonly source: SqlStatement;
  readonly native: NativeStatement;
  readonly isReader: boolean;
  colsJson: string;
  columnCount: number;
  /** The schema epoch for which the columns are right, or -1. */
  columnsEpoch: number;
}

/** One native connection with its prepared statements and the state of its transaction. */
export class Connection {
  readonly #native: NativeDatabase;
  readonly #clock: SchemaClock;
  readonly #statements = new LruMap<SqlStatement, PreparedStatement>(MAX_CACHED_STATEMENTS);
  readonly #schemaVersion: NativeStatement;
  readonly #readSchema: NativeStatement;
  readonly #lastChange: NativeStatement;
  #isReadonly = false;
  #isSessionChanged = false;
  #hasSchemaChange = false;
  #schemaEpoch = -1;
  #transactionEpoch: number | undefined;

  constructor({ file, synchronous, clock }: ConnectionOptions) {
    this.#clock = clock;
    this.#native = openNative(file);
    this.#native.prepare("PRAGMA journal_mode = WAL").get([]);
    this.#native.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`);
    this.#schemaVersion = this.#native.prepare("PRAGMA schema_version").raw();
    this.#readSchema = this.#native.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").raw();
    this.#lastChange = this.#native.prepare("SELECT changes(), last_insert_rowid()").raw();
  }

  get isAutocommit(): boolean {
    return !this.#native.inTransaction;
  }

  /** Call this when a stream takes the connection. */
  observeSchema(): void {
    const [version] = this.#schemaVersion.get([]) ?? [];
    if (typeof version === "bigint") this.#clock.observe(version);
  }

  /**
   * Call this before a statement is prepared and before it runs. SQLite compiles by the schema that its connection read
   * last, also when it recompiles a cached statement, and another connection may have changed the schema since.
   */
  refreshSchema(): void {
    if (this.#schemaEpoch === this.#clock.epoch) return;
    this.#schemaEpoch = this.#clock.epoch;
    this.#readSchema.get([]);
  }

  /** Throws HranaError. A PRAGMA takes effect when it is prepared, so it is neither cached nor prepared early. */
  prepare(source: SqlStatement): PreparedStatement {
    const known = this.#statements.get(source);
    if (known) return known;
    const prepared = this.prepareFresh(source);
    if (!source.isPragma && source.sql.length <= MAX_CACHED_LENGTH) this.#statements.set(source, prepared);
    return prepared;
  }

  /** Bypasses the cache, so that the columns are those of the present schema even if the statement has not run. */
  prepareFresh(source: SqlStatement): PreparedStatement {
    const native = this.#prepareNative(source.sql);
    const isReader = native.reader;
    if (isReader) native.raw();
    return { source, native, isReader, colsJson: "[]", columnCount: 0, columnsEpoch: -1 };
  }

  #prepareNative(sql: string): NativeStatement {
    this.refreshSchema();
    try {
      return this.#native.prepare(sql);
    } catch (error) {
      const name = missingColumnOf(error);
      const changed = name === undefined ? undefined : withStringFor(name, sql);
      if (changed !== undefined) return this.#prepareNative(changed);
      throw toHranaError(error, sql);
    }
  }

  /** Refuses writes in `BEGIN READONLY`, which the engine parses but does not enforce. */
  checkWritable(source: SqlStatement): void {
    if (this.#isReadonly && source.isWrite && !this.isAutocommit) throw databaseReadonly();
  }

  /** Exact `changes()` and `last_insert_rowid()` of the statement just run. */
  readLastChange(): readonly [changes: bigint, rowid: bigint] {
    const [changes, rowid] = this.#lastChange.get([]) ?? [];
    if (typeof changes !== "bigint" || typeof rowid !== "bigint")
      throw new Error("changes() gave no integers");
    return [changes, rowid];
  }

  /** Must be called after the first row was fetched: only then has SQLite noticed a changed schema. */
  refreshColumns(prepared: PreparedStatement, rowLength: number | undefined): void {
    const epoch = this.#transactionEpoch ?? this.#clock.epoch;
    const hasRightLength = rowLength === undefined || rowLength === prepared.columnCount;
    if (prepared.columnsEpoch === epoch && hasRightLength) return;
    const columns = prepared.native.columns();
    prepared.colsJson = encodeColumns(columns);
    prepared.columnCount = columns.length;
    prepared.columnsEpoch = epoch;
  }

  /** Updates the state after a statement ran or failed. */
  noteExecuted(source: SqlStatement): void {
    if (source.isSessionChange) this.#isSessionChanged = true;
    if (source.isSchemaChange) this.#clock.advance();
    if (this.isAutocommit) {
      this.#endTransaction();
      return;
    }
    this.#hasSchemaChange ||= source.isSchemaChange;
    if (source.begin && this.#transactionEpoch === undefined) this.#isReadonly = source.begin === "readonly";
    if (this.#transactionEpoch === undefined || source.isSchemaChange)
      this.#transactionEpoch = this.#clock.epoch;
  }

  #endTransaction(): void {
    if (this.#hasSchemaChange) this.#clock.advance();
    this.#hasSchemaChange = false;
    this.#transactionEpoch = undefined;
    this.#isReadonly = false;
  }

  /** Stops a reading statement that will not be read to its end; it would keep its snapshot otherwise. */
  abandon(rows: RowReader): void {
    this.#native.interrupt();
    try {
      while (rows.next());
    } catch {
      // SQLITE_INTERRUPT is the intended result.
    }
  }

  /**
   * SQLite keeps an EXPLAIN active after its last row, and with it the snapshot of every later read, which makes writes
   * fail. The driver resets a statement only after `get`.
   */
  haltExplain({ source, native }: PreparedStatement, args: readonly NativeValue[]): void {
    if (source.isExplain) native.get(args);
  }

  /**
   * SQLite keeps a statement that met SQLITE_BUSY active, which makes every later COMMIT fail, and the driver has
   * no reset. Run again under `query_only`, the statement fails for good before it writes, and so ends.
   */
  haltBusy(prepared: PreparedStatement, args: readonly NativeValue[]): void {
    this.#native.exec("PRAGMA query_only = ON");
    try {
      if (prepared.isReader) prepared.native.iterate(args).next();
      else prepared.native.run(args);
    } catch {
      // SQLITE_READONLY is the intended result.
    } finally {
      this.#native.exec("PRAGMA query_only = OFF");
    }
  }

  /** Rolls back what is open and undoes session settings, so that another stream may use the connection. */
  reset(): void {
    if (!this.isAutocommit) this.#native.exec("ROLLBACK");
    this.#endTransaction();
    if (this.#isSessionChanged)
      this.#native.exec("PRAGMA foreign_keys = ON; PRAGMA defer_foreign_keys = OFF");
    this.#isSessionChanged = false;
  }

  /** Moves the WAL into the database file as far as readers allow. */
  checkpoint(): void {
    this.#native.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get([]);
  }

  close(): void {
    this.#statements.clear();
    this.#native.close();
  }
}
