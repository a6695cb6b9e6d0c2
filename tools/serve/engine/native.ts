import Database from "libsql";
import AsyncDatabase from "libsql/promise";
import type { NativeDatabase, NativeStatement, RowReader } from "../../libsql-server/engine/native.ts";
import type { NativeValue } from "../../libsql-server/hrana/protocol.ts";

/*
 * The native driver has two faces over the same connections: `libsql` works on the calling thread; `libsql/promise` runs a
 * text, or a statement up to its first row, on a thread of its own. Both may be used on one connection, in turn.
 */

type NativeRows = ConstructorParameters<typeof RowReader>[0];

/** A statement whose first row is found on another thread. The rows behind it are found on the calling thread. */
export interface StatementElsewhere extends Pick<NativeStatement, "reader" | "raw"> {
  iterate(args: readonly NativeValue[]): Promise<NativeRows>;
}

interface Elsewhere {
  exec(this: NativeDatabase, sql: string): Promise<void>;
  prepare(this: NativeDatabase, sql: string): Promise<StatementElsewhere>;
}

/** The package's types lack what is used here; libsql/promise.js is what is relied on. */
const elsewhere = AsyncDatabase.prototype as unknown as Elsewhere;

/** Opens a connection that gives INTEGER as bigint and never waits for a lock. */
export function openNative(file: string): NativeDatabase {
  const database = new Database(file, { timeout: 0 });
  database.defaultSafeIntegers(true);
  return database as unknown as NativeDatabase;
}

export const execElsewhere = (database: NativeDatabase, sql: string): Promise<void> =>
  elsewhere.exec.call(database, sql);

export const prepareElsewhere = (database: NativeDatabase, sql: string): Promise<StatementElsewhere> =>
  elsewhere.prepare.call(database, sql);
