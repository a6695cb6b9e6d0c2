import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { makeDirectory } from "./make-directory.ts";
import { OperatorError } from "./operator-error.ts";

export interface DataLock {
  /** True when the last server on this directory did not end by itself. */
  readonly wasKilled: boolean;
  release(): void;
}

/**
 * Makes this process the only server on a data directory, until it ends in whatever way: the lock is SQLite's on a
 * file of its own, which the kernel drops with the process (a file with a process id would lie after kill -9).
 * Throws OperatorError when another server holds it.
 */
export function lockDataDirectory(directory: string, port: number): DataLock {
  makeDirectory(directory);
  const ownerFile = join(directory, "server.json");
  const database = new Database(join(directory, "lock.db"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    if (!String(error).includes("locked")) throw error;
    throw new OperatorError(
      `${directory} is in use by another server${describeOwner(ownerFile)}: stop that one, or set DATA_DIR and PORT.`,
    );
  }
  const wasKilled = existsSync(ownerFile);
  writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, port }));
  return {
    wasKilled,
    release() {
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

function describeOwner(ownerFile: string): string {
  try {
    const { pid, port } = JSON.parse(readFileSync(ownerFile, "utf8"));
    return ` (process ${pid}, port ${port})`;
  } catch {
    return "";
  }
}
