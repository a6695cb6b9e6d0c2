import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LocalDatabase } from "../../src/libsql/step.ts";
import type { SqlValue } from "../../src/model/sql-value.ts";

const TIMEOUT_MS = 5_000;
const LIST_LIMIT = 1_000;

type Rows = readonly (readonly SqlValue[])[];

interface ListOptions {
  readonly prefix?: string;
  readonly limit?: number;
  readonly cursor?: string | null;
}

/** The part of a Workers KV namespace that the product uses, as a table of a database. */
export class KvTable {
  readonly #run: ReturnType<LocalDatabase["stepsFor"]>;

  constructor(database: LocalDatabase) {
    this.#run = database.stepsFor(undefined);
  }

  /** Makes the table, and takes over what an earlier version kept in a directory, one file for each key. */
  async open(oldDirectory: string): Promise<this> {
    await this.#execute(
      "CREATE TABLE IF NOT EXISTS _kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    );
    if (!existsSync(oldDirectory)) return this;
    for (const name of readdirSync(oldDirectory)) {
      await this.put(name, readFileSync(join(oldDirectory, name), "utf8"));
    }
    rmSync(oldDirectory, { recursive: true });
    return this;
  }

  async get(key: string, options?: "json" | { readonly type?: "json" }): Promise<unknown> {
    const [row] = await this.#execute("SELECT value FROM _kv WHERE key = ?", key);
    if (!row) return null;
    const type = typeof options === "string" ? options : options?.type;
    return type === "json" ? JSON.parse(String(row[0])) : row[0];
  }

  async put(key: string, value: string): Promise<void> {
    await this.#execute(
      "INSERT INTO _kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  async delete(key: string): Promise<void> {
    await this.#execute("DELETE FROM _kv WHERE key = ?", key);
  }

  async list({ prefix = "", limit = LIST_LIMIT, cursor }: ListOptions = {}) {
    const rows = await this.#execute(
      "SELECT key FROM _kv WHERE key > ? AND key >= ? AND substr(key, 1, ?) = ? ORDER BY key LIMIT ?",
      cursor ?? "",
      prefix,
      prefix.length,
      prefix,
      limit + 1,
    );
    const names = rows.slice(0, limit).map(([key]) => String(key));
    const keys = names.map((name) => ({ name }));
    if (rows.length <= limit) return { keys, list_complete: true };
    return { keys, list_complete: false, cursor: names.at(-1) };
  }

  async #execute(sql: string, ...args: readonly SqlValue[]): Promise<Rows> {
    const [outcome] = await this.#run([{ sql, args }], TIMEOUT_MS);
    if (outcome?.status === "DONE") return outcome.rows;
    throw new Error(outcome?.status === "FAILED" ? outcome.message : "the statement was not run");
  }
}
