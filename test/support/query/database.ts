import Database from "libsql";
import { columnTypeOf } from "../../../src/columns/registry.ts";
import { ownIndexesOf } from "../../../src/ddl/indexes.ts";
import type { Belief } from "../../../src/fence/facts.ts";
import { canReadWithFacts, factsWithPage, splitPage } from "../../../src/fence/page-with-facts.ts";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { Column } from "../../../src/model/column.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { SqlValue, Statement } from "../../../src/model/sql-value.ts";
import { type Compiled, statementsOf } from "../../../src/query/sql/compiled.ts";
import type { CompiledView } from "../../../src/query/sql/record/compile-record-view.ts";
import { compileInsert } from "../../../src/write/sql/insert.ts";
import { render } from "../../../src/write/sql/statement.ts";

const BELIEF = { actor: { kind: "KEY", secretHash: "hash" } } as Belief;

/** The real engine in memory, with a catalog's tables as the product creates them. */
export class TestDatabase {
  readonly #db = new Database(":memory:");

  constructor(catalog: Catalog) {
    this.#db.exec(
      "CREATE TABLE record_counts (table_name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    );
    this.#db.exec("CREATE TABLE key_facts AS SELECT 'hash' AS hash, '[]' AS facts");
    for (const entity of catalog.entities.values()) this.#createTable(entity);
  }

  /** Reads like the Worker: a page together with the fence. */
  answer<Answer>(compiled: Compiled<Answer>): Answer {
    if (compiled.kind === "READ" || !canReadWithFacts(compiled))
      return compiled.shape(statementsOf(compiled).map((statement) => this.rows(statement)));
    const [, ...results] = splitPage(this.rows(factsWithPage(BELIEF, compiled)));
    return compiled.shape(results);
  }

  /** The record that a view finds; null if there is none. */
  show({ statement, shape }: CompiledView): ReturnType<CompiledView["shape"]> | null {
    const [, [row] = []] = splitPage(
      this.rows(factsWithPage(BELIEF, { page: statement, value: null, isOneRow: true })),
    );
    return row ? shape(String(row[0])) : null;
  }

  rows({ sql, args }: Statement): SqlValue[][] {
    const statement = this.#db.prepare(sql).safeIntegers(true);
    const bound = args.map((arg) => (Number.isSafeInteger(arg) ? BigInt(arg as number) : arg));
    const rows = statement.raw().all(...bound) as SqlValue[][];
    return rows.map((row) => row.map(narrow));
  }

  run({ sql, args }: Statement): void {
    const bound = args.map((arg) => (Number.isSafeInteger(arg) ? BigInt(arg as number) : arg));
    this.#db.prepare(sql).run(...bound);
  }

  insert(entity: Entity, values: Readonly<Record<string, SqlValue>>): void {
    const byColumn = new Map<Column, SqlValue>();
    for (const column of entity.columns) byColumn.set(column, values[column.name] ?? null);
    this.rows(render(compileInsert(entity, byColumn)));
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  transaction(work: () => void): void {
    this.#db.exec("BEGIN");
    work();
    this.#db.exec("COMMIT");
  }

  /** Steps of the engine's virtual machine for the statement: its cost, whatever else the machine does. */
  stepsOf({ sql, args }: Statement): number {
    const marked = `${sql} /* ${crypto.randomUUID()} */`;
    const statement = this.#db.prepare(marked);
    statement.raw().all(...args);
    const steps = this.#db.prepare("SELECT nstep FROM sqlite_stmt WHERE sql = ?").raw().get(marked);
    return Number((steps as unknown as number[])[0]);
  }

  explain({ sql, args }: Statement): string {
    const rows = this.#db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...args) as { detail: string }[];
    return rows.map(({ detail }) => detail).join("\n");
  }

  #createTable(entity: Entity): void {
    const columns = entity.columns.map((column) => {
      const isId = column.name === "id";
      const key = column.type === "INTEGER" ? "PRIMARY KEY AUTOINCREMENT" : "PRIMARY KEY NOT NULL";
      const rest = isId ? key : column.nullable ? "" : "NOT NULL";
      return `"${column.columnName}" ${columnTypeOf(column).storage} ${rest}`;
    });
    this.#db.exec(
      `CREATE TABLE "${entity.physicalTable}" (${columns.join(", ")}, "_version" INTEGER NOT NULL DEFAULT 1)`,
    );
    for (const { name, columnName, unique, indexed, references } of entity.columns) {
      if (name === "id" || !(unique || indexed || references)) continue;
      this.#db.exec(
        `CREATE ${unique ? "UNIQUE" : ""} INDEX "${entity.physicalTable}_${columnName}" ON "${entity.physicalTable}" ("${columnName}")`,
      );
    }
    for (const { create } of ownIndexesOf(entity)) this.#db.exec(create.sql);
    this.#keepCount(entity.physicalTable);
  }

  #keepCount(table: string): void {
    this.#db.exec(`
      INSERT INTO record_counts VALUES ('${table}', 0);
      CREATE TRIGGER "${table}_i" AFTER INSERT ON "${table}" BEGIN UPDATE record_counts SET count = count + 1 WHERE table_name = '${table}'; END;
      CREATE TRIGGER "${table}_d" AFTER DELETE ON "${table}" BEGIN UPDATE record_counts SET count = count - 1 WHERE table_name = '${table}'; END;`);
  }
}

function narrow(value: SqlValue): SqlValue {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
