import { env } from "cloudflare:workers";
import { openHttpDatabase } from "../../src/libsql/open-http-database.ts";
import type { Rows, SqlValue } from "../../src/model/sql-value.ts";

/** The database of the Worker under test, past the product. */
export const database = openHttpDatabase({
  url: env.LIBSQL_URL,
  authToken: env.LIBSQL_AUTH_TOKEN,
  requestId: "test",
});

/** Runs one statement in it, for instance to move time. */
export const runSql = (sql: string, args: readonly SqlValue[] = []): Promise<Rows> =>
  database.run({ sql, args });
