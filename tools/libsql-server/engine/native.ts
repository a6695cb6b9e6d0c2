import Database from "libsql";
import type { ResultColumn } from "../hrana/encode-result.ts";
import type { NativeValue } from "../hrana/protocol.ts";

/** The part of the native driver's API that is used, with the value types it really takes and gives. */
export interface NativeStatement {
  /** Has result columns; `run` must not be used then: it would leave the statement unfinished. */
  readonly reader: boolean;
  raw(): NativeStatement;
  columns(): ResultColumn[];
  run(args: readonly NativeValue[]): { changes: number; lastInsertRowid: number };
  get(args: readonly NativeValue[]): readonly NativeValue[] | undefined;
  iterate(args: readonly NativeValue[]): Iterator<readonly NativeValue[]>;
}

export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): void;
  interrupt(): void;
  close(): void;
}

/** Opens a connection that gives INTEGER as bigint. */
export function openNative(file: string): NativeDatabase {
  const database = new Database(file);
  database.defaultSafeIntegers(true);
  return asNative(database);
}

/** The package's types describe better-sqlite3 and lack `interrupt`; libsql/index.js is what is relied on. */
function asNative(database: unknown): NativeDatabase {
  return database as NativeDatabase;
}
