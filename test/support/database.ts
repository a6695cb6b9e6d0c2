import { env } from "cloudflare:workers";
import { openDatabase, type Rows } from "../../src/db/database.ts";
import type { SqlValue } from "../../src/model/sql-value.ts";

/** The database of the Worker under test, past the product. */
export const database = openDatabase({ url: env.LIBSQL_URL, authToken: undefined, requestId: "test" });

/** One statement in it, such as one that moves time. */
export const runSql = (sql: string, args: readonly SqlValue[] = []): Promise<Rows> =>
  database.run({ sql, args });
