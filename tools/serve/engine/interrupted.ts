import { HranaError } from "../../libsql-server/hrana/errors.ts";

/** The error of a statement that did not start because nobody waits for it any more. */
export const interrupted = (): HranaError => new HranaError("SQLITE_INTERRUPT", "SQLite error: interrupted");
