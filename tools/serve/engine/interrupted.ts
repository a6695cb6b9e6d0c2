import { HranaError } from "../../libsql-server/hrana/errors.ts";

/** The error of a statement that did not start because its client has gone. */
export const interrupted = (): HranaError => new HranaError("SQLITE_INTERRUPT", "SQLite error: interrupted");
