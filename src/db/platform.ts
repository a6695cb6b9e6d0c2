import { Column, getTableColumns, is } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { Database } from "../libsql/database.ts";
import type { Rows, SqlValue, Statement } from "../model/sql-value.ts";

async function refuseSingleQuery(): Promise<never> {
  throw new Error("platform queries run in batches: one round trip, one transaction");
}

const over = (run: Database["read"]) =>
  drizzle(refuseSingleQuery, async (queries) => {
    const statements = queries.map(({ sql, params }) => ({ sql, args: params as SqlValue[] }));
    const results: readonly Rows[] = await run(statements);
    return results.map((rows) => ({ rows: [...rows] }));
  });

/**
 * Drizzle over our one door: `batch([…])` of either is one round trip and one transaction with typed rows.
 * Made when asked for, because most requests never do. Throws what Database throws.
 */
export class Platform {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get read() {
    return over((statements) => this.#database.read(statements));
  }

  get write() {
    return over((statements) => this.#database.write(statements));
  }
}

type Query = { readonly sql: string; readonly params: unknown[] };
/** A query built by Drizzle or given as SQL. */
type Rendered = { toSQL(): Query } | { getQuery(): Query };

/** A Drizzle query as a statement of a batch with other statements. */
export function statementOf(query: Rendered): Statement {
  const { sql, params } = "toSQL" in query ? query.toSQL() : query.getQuery();
  return { sql, args: params as SqlValue[] };
}

/** A Drizzle query that selects named fields. */
interface Select extends PromiseLike<readonly unknown[]> {
  readonly _: { readonly selectedFields: Readonly<Record<string, unknown>> };
  toSQL(): Query;
}

/** A select for a batch with other statements: its statement, and its rows as Drizzle would return them. */
export function toTypedStatement<Q extends Select>(query: Q) {
  const fields = Object.entries(query._.selectedFields);
  const decode = (row: readonly SqlValue[]) =>
    Object.fromEntries(fields.map(([name, field], i) => [name, decodeValue(field, row[i] ?? null)]));
  return {
    statement: statementOf(query),
    /* The fields and their types are those of the query itself. */
    rowsOf: (rows: Rows = []) => rows.map(decode) as Awaited<Q>,
  };
}

const decodeValue = (field: unknown, value: SqlValue): unknown =>
  value !== null && is(field, Column) ? field.mapFromDriverValue(value) : value;

/** A row of `… RETURNING` as Drizzle would return it: all of the table's columns, in their order. */
export function tableRow<T extends SQLiteTable>(table: T, row: readonly SqlValue[]): T["$inferSelect"] {
  const columns = Object.entries(getTableColumns(table));
  const values = columns.map(([name, column], i) => {
    const value = row[i] ?? null;
    return [name, value === null ? null : column.mapFromDriverValue(value)];
  });
  return Object.fromEntries(values);
}
