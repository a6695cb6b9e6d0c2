import Database from "libsql";
import type { ResultColumn } from "../hrana/encode-result.ts";
import type { NativeValue } from "../hrana/protocol.ts";

/** The used part of the native driver's API, with the real types of its values. */
export interface NativeStatement {
  /** Whether there are result columns. Then `run` must not be used, because it would leave the statement unfinished. */
  readonly reader: boolean;
  raw(): NativeStatement;
  columns(): ResultColumn[];
  run(args: readonly NativeValue[]): { changes: number; lastInsertRowid: number };
  get(args: readonly NativeValue[]): readonly NativeValue[] | undefined;
  iterate(args: readonly NativeValue[]): NativeRows;
}

/** `next` returns rows that were read together, and reads as many again when its index is that of the last. */
interface NativeRows extends Iterator<readonly NativeValue[]> {
  nextRows: unknown[];
  nextRowIndex: number;
}

export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): void;
  interrupt(): void;
  close(): void;
}

/** Opens a connection that returns INTEGER as bigint. */
export function openNative(file: string): NativeDatabase {
  const database = new Database(file);
  database.defaultSafeIntegers(true);
  return asNative(database);
}

/** The package's types describe better-sqlite3 and lack `interrupt`. This relies on libsql/index.js. */
function asNative(database: unknown): NativeDatabase {
  return database as NativeDatabase;
}

/** The index at which the driver believes that it has returned the last of the rows that it has read together. */
const ALL_GIVEN = 100;
const MOST_TOGETHER = ALL_GIVEN;
const FEW = 4;

/**
 * The rows of a statement. The driver reads 100 together, which may need too much memory. This starts with a few, and
 * reads four times as many each time while all of them together should be shorter than `maxLength`.
 */
export class RowReader {
  readonly #rows: NativeRows;
  readonly #maxLength: number;
  #together = FEW;
  #left = FEW;
  #longest = 1;

  constructor(rows: NativeRows, maxLength: number) {
    this.#rows = rows;
    this.#maxLength = maxLength;
    rows.nextRows = Array(FEW);
  }

  next(): readonly NativeValue[] | undefined {
    if (this.#left === 0) this.#readMore();
    this.#left -= 1;
    const { done, value } = this.#rows.next();
    return done ? undefined : value;
  }

  /** Call this for each row with its length. */
  note(length: number): void {
    this.#longest = Math.max(this.#longest, length);
  }

  #readMore(): void {
    const fitting = Math.max(1, Math.floor(this.#maxLength / this.#longest));
    this.#together = Math.min(this.#together * 4, fitting, MOST_TOGETHER);
    this.#left = this.#together;
    this.#rows.nextRows = Array(this.#together);
    this.#rows.nextRowIndex = ALL_GIVEN;
  }
}
