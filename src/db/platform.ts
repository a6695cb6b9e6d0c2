import type { BatchItem, BatchResponse } from "drizzle-orm/batch";
import type { PreparedQuery } from "drizzle-orm/session";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { Database } from "../libsql/database.ts";
import type { Rows, SqlValue, Statement } from "../model/sql-value.ts";

async function refuseToRunAlone(): Promise<never> {
  throw new Error("platform queries run in batches: one round trip, one transaction");
}

/** Builds queries on the platform's tables. They always run in a batch, or in a plan of the fence. */
export const db = drizzle(refuseToRunAlone);

type Query = BatchItem<"sqlite">;

/** Runs queries on the platform's tables. Each batch is one round trip and one transaction, and its rows are typed. */
export class Platform {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads one snapshot. Throws what Database throws. */
  async readBatch<const T extends readonly Query[]>(queries: T): Promise<BatchResponse<T>> {
    const { statements, decode } = prepareBatch(queries);
    return decode(await this.#database.read(statements));
  }

  /** Writes all or nothing. Throws what Database throws. */
  async writeBatch<const T extends readonly Query[]>(queries: T): Promise<BatchResponse<T>> {
    const { statements, decode } = prepareBatch(queries);
    return decode(await this.#database.write(statements));
  }
}

/** Queries as statements, for a plan of the fence, and the function that decodes their results as Drizzle would. */
export function prepareBatch<const T extends readonly Query[]>(queries: T) {
  const prepared = queries.map(prepare);
  return {
    statements: prepared.map(({ statement }) => statement),
    /* Each result is decoded by its own query. */
    decode: (results: readonly Rows[]) =>
      prepared.map(({ decode }, i) => decode(results[i])) as unknown as BatchResponse<T>,
  };
}

/** A query as a statement, and the function that decodes its rows as Drizzle would. */
export function prepare<Q extends Query>(query: Q) {
  const prepared = preparedBy(query);
  const { sql, params } = prepared.getQuery();
  return {
    statement: { sql, args: params as SqlValue[] } satisfies Statement,
    decode: (rows: Rows = []) => prepared.mapResult({ rows: [...rows] }, true) as Q["_"]["result"],
  };
}

export const statementOf = (query: Query): Statement => prepare(query).statement;

/** Every query of Drizzle has this method, which its types show only for raw SQL. Drizzle's own batches use it. */
const preparedBy = (query: Query): PreparedQuery =>
  (query as Query & { _prepare(): PreparedQuery })._prepare();
