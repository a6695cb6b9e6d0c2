import { ResponseTooLarge } from "../../../src/errors/api-errors.ts";
import { LruMap } from "../../../src/lib/lru-map.ts";
import type { SqlValue, Statement } from "../../../src/model/sql-value.ts";
import { type NativeDatabase, type NativeStatement, RowReader } from "../../libsql-server/engine/native.ts";
import { toHranaError } from "../../libsql-server/engine/sqlite-errors.ts";
import type { NativeValue } from "../../libsql-server/hrana/protocol.ts";
import { execElsewhere, openNative, prepareElsewhere, type StatementElsewhere } from "./native.ts";

const MAX_PREPARED = 500;
/** Longer texts are rarely sent twice. */
const LONGEST_KEPT = 64 * 1024;
/** Bytes of text in the rows of one statement. */
const MAX_RESULT_LENGTH = 10 * 1024 * 1024;

type Row = readonly SqlValue[];

export interface Result {
  readonly rows: readonly Row[];
  /** Rows that the statement has written. */
  readonly affected: number;
}

interface Prepared<S> {
  readonly statement: S;
  /** Whether there are result columns. Asking the driver each time would take 1% of a get by id. */
  readonly isReader: boolean;
}

/** One connection with its prepared statements. Its methods throw HranaError for what the database refuses, and ResponseTooLarge. */
export class Connection {
  readonly #database: NativeDatabase;
  readonly #here = new LruMap<string, Prepared<NativeStatement>>(MAX_PREPARED);
  readonly #elsewhere = new LruMap<string, Prepared<StatementElsewhere>>(MAX_PREPARED);

  constructor(file: string, pragmas: string) {
    this.#database = openNative(file);
    this.run({ sql: "PRAGMA journal_mode = WAL", args: [] });
    this.#database.exec(pragmas);
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Runs a statement on this thread, which does nothing else meanwhile. */
  run({ sql, args, isOneRow = false }: Statement): Result {
    try {
      const { statement, isReader } = this.#prepare(sql);
      const bound = args.map(toNative);
      if (!isReader) return { rows: [], affected: statement.run(bound).changes };
      if (isOneRow) return readOne(statement.get(bound));
      const result = this.#read(statement.iterate(bound));
      /* SQLite takes an EXPLAIN for a statement that goes on, and keeps its snapshot; of this driver, only `get` resets. */
      if (EXPLAIN.test(sql)) statement.get(bound);
      return result;
    } catch (error) {
      throw toHranaError(error, sql);
    }
  }

  /** Returns the lines of SQLite's plan for a statement. */
  explain(sql: string): readonly string[] {
    const { rows } = this.run({ sql: `EXPLAIN QUERY PLAN ${sql}`, args: [] });
    return rows.map((row) => String(row[3]));
  }

  /** Runs a statement on another thread. Only its first row is found there, so it must find them all before it gives one. */
  async runElsewhere({ sql, args }: Statement): Promise<Result> {
    if (EXPLAIN.test(sql)) return this.run({ sql, args });
    try {
      const known = this.#elsewhere.get(sql);
      const prepared = known ?? toPrepared(await prepareElsewhere(this.#database, sql));
      if (!known && sql.length <= LONGEST_KEPT) this.#elsewhere.set(sql, prepared);
      const { statement, isReader } = prepared;
      const result = this.#read(await statement.iterate(args.map(toNative)));
      return isReader ? result : { rows: [], affected: this.#changes() };
    } catch (error) {
      throw toHranaError(error, sql);
    }
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw toHranaError(error, sql);
    }
  }

  async execElsewhere(sql: string): Promise<void> {
    await execElsewhere(this.#database, sql).catch((error) => {
      throw toHranaError(error, sql);
    });
  }

  /** Ends the statement that runs elsewhere, if one does, with SQLITE_INTERRUPT. */
  interrupt(): void {
    this.#database.interrupt();
  }

  close(): void {
    this.#here.clear();
    this.#elsewhere.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared<NativeStatement> {
    const known = this.#here.get(sql);
    if (known) return known;
    const prepared = toPrepared(this.#prepareFresh(sql));
    if (sql.length <= LONGEST_KEPT) this.#here.set(sql, prepared);
    return prepared;
  }

  /** A connection can be behind another one's schema change until it reads; what it then refuses is right. */
  #prepareFresh(sql: string): NativeStatement {
    try {
      return this.#database.prepare(sql);
    } catch {
      this.#database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get([]);
      return this.#database.prepare(sql);
    }
  }

  #changes(): number {
    return Number(this.run({ sql: "SELECT changes()", args: [] }).rows[0]?.[0]);
  }

  #read(native: ConstructorParameters<typeof RowReader>[0]): Result {
    const reader = new RowReader(native, MAX_RESULT_LENGTH);
    const rows: Row[] = [];
    let length = 0;
    for (let row = reader.next(); row; row = reader.next()) {
      const rowLength = lengthOf(row);
      reader.note(rowLength);
      length += rowLength;
      if (length <= MAX_RESULT_LENGTH) rows.push(row.map(fromNative));
    }
    if (length > MAX_RESULT_LENGTH) throw new ResponseTooLarge();
    return { rows, affected: rows.length };
  }
}

/** The statement, which now returns each row as an array. */
function toPrepared<S extends Pick<NativeStatement, "reader"> & { raw(): unknown }>(
  statement: S,
): Prepared<S> {
  const isReader = statement.reader;
  if (isReader) statement.raw();
  return { statement, isReader };
}

/** Of a statement that changes nothing: this reset ends it, and what its end would refuse is not reported. */
function readOne(row: readonly NativeValue[] | undefined): Result {
  if (!row) return { rows: [], affected: 0 };
  if (lengthOf(row) > MAX_RESULT_LENGTH) throw new ResponseTooLarge();
  return { rows: [row.map(fromNative)], affected: 1 };
}

const EXPLAIN = /^\s*EXPLAIN\b/i;

function lengthOf(row: readonly NativeValue[]): number {
  let length = 0;
  for (const value of row) if (typeof value === "string") length += Buffer.byteLength(value);
  return length;
}

/** INTEGER for what is one; the driver takes every number for a REAL. */
const toNative = (value: SqlValue): NativeValue =>
  typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;

function fromNative(value: NativeValue): SqlValue {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === "object" && value !== null) throw new Error("a blob where none is stored");
  return value;
}
