import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { SqlValue, Statement } from "../model/sql-value.ts";
import type { Database, Rows } from "./database.ts";

async function refuseSingleQuery(): Promise<never> {
  throw new Error("platform queries run in batches: one round trip, one transaction");
}

/**
 * Drizzle over our one door: `batch([…])` of either is one round trip and one transaction with typed rows.
 * Made when asked for, because most requests never do. Throws what Database throws.
 */
export function openPlatform(database: Database) {
  const over = (run: Database["read"]) =>
    drizzle(refuseSingleQuery, async (queries) => {
      const statements = queries.map(({ sql, params }) => ({ sql, args: params as SqlValue[] }));
      const results: readonly Rows[] = await run(statements);
      return results.map((rows) => ({ rows: [...rows] }));
    });
  return {
    get read() {
      return over(database.read);
    },
    get write() {
      return over(database.write);
    },
  };
}

export type Platform = ReturnType<typeof openPlatform>;

/** A Drizzle query as a statement for a batch that is not all Drizzle's. */
export function toStatement(query: { toSQL(): { sql: string; params: unknown[] } }): Statement {
  const { sql, params } = query.toSQL();
  return { sql, args: params as SqlValue[] };
}
