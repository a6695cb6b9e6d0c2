import { LruMap } from "../../../src/lib/lru-map.ts";
import { analyzeStatement } from "../../libsql-server/sql/analyze-sql.ts";
import type { Connection } from "./connection.ts";

const MAX_KNOWN = 4_000;
/** Longer texts are inserts of many rows, or filters that run beside the requests anyway. */
const LONGEST_JUDGED = 64 * 1024;

export interface Cost {
  readonly isWrite: boolean;
  /** Its time does not depend on how many records there are, so that others can wait for it. */
  readonly isShort: boolean;
}

const CONSTANT_SCAN = /^SCAN (?:\d+ )?CONSTANT ROWS?$/;
const INDEX_SEARCH = /^SEARCH \S+ USING (?:COVERING )?INDEX (\S+) \((.*)\)/;
/** Tables of the platform of which a workspace has few rows. */
const PLATFORM_SEARCH = /^SEARCH (?:organizations|workspaces|entities|webhooks|api_keys|_kv) USING /;
const KEY_SEARCH = /^SEARCH \S+ USING INTEGER PRIMARY KEY \(rowid=\?\)/;

const DELETE_FROM = /^\s*DELETE FROM "?(\w+)/i;
/** Tables whose rows go, or change, with a row of the given table. */
const DEPENDENT_TABLES = `SELECT count(*) FROM sqlite_schema AS s, pragma_foreign_key_list(s.name) AS f
  WHERE s.type = 'table' AND instr(s.sql, ?) > 0 AND f."table" = ? AND f.on_delete IN ('CASCADE', 'SET NULL')`;

const TRANSACTION: ReadonlyMap<string, Cost> = new Map([
  ["BEGIN", { isWrite: false, isShort: true }],
  ["BEGIN IMMEDIATE", { isWrite: true, isShort: true }],
  ["COMMIT", { isWrite: false, isShort: true }],
]);

/** Judges statements by SQLite's own plan for them, once for each text. */
export class CostJudge {
  readonly #connection: Connection;
  readonly #known = new LruMap<string, Cost>(MAX_KNOWN);

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Throws HranaError when the text is not one statement. */
  judge(sql: string): Cost {
    const known = TRANSACTION.get(sql) ?? this.#known.get(sql);
    if (known) return known;
    const { isWrite } = analyzeStatement(sql);
    if (sql.length > LONGEST_JUDGED) return { isWrite, isShort: isWrite };
    const cost = { isWrite, isShort: this.#isShort(sql, isWrite) };
    this.#known.set(sql, cost);
    return cost;
  }

  /** Forgets everything: a changed schema changes plans. */
  forget(): void {
    this.#known.clear();
  }

  #isShort(sql: string, isWrite: boolean): boolean {
    try {
      if (isWrite && this.#hasDependents(DELETE_FROM.exec(sql)?.[1])) return false;
      const details = this.#connection.explain(sql);
      const views = new Set(
        details.flatMap((detail) => /^(?:MATERIALIZE|CO-ROUTINE) (.+)$/.exec(detail)?.[1] ?? []),
      );
      return details.every((detail) => this.#isShortNode(detail, views, isWrite));
    } catch {
      return isWrite;
    }
  }

  /** A write is bounded by what its request may write; only a search for it through everything is long. */
  #isShortNode(detail: string, views: ReadonlySet<string>, isWrite: boolean): boolean {
    if (detail === "RECURSIVE STEP") return false;
    if (detail.startsWith("SCAN "))
      return (
        CONSTANT_SCAN.test(detail) ||
        views.has(detail.split(" ")[1] ?? "") ||
        detail.includes(" VIRTUAL TABLE ")
      );
    if (isWrite || !detail.startsWith("SEARCH ")) return true;
    if (PLATFORM_SEARCH.test(detail)) return true;
    const [, index, columns = ""] = INDEX_SEARCH.exec(detail) ?? [];
    return index === undefined ? KEY_SEARCH.test(detail) : this.#findsOne(index, columns);
  }

  /** SQLite's plan for a delete does not show what goes with a row, however much that is. */
  #hasDependents(table: string | undefined): boolean {
    if (table === undefined) return false;
    const { rows } = this.#connection.run({ sql: DEPENDENT_TABLES, args: [table, table] });
    return Number(rows[0]?.[0]) > 0;
  }

  /** Whether a unique index is searched by all of its columns. */
  #findsOne(index: string, columns: string): boolean {
    const { rows } = this.#connection.run({
      sql: `SELECT count(*) FROM pragma_index_info(?) WHERE EXISTS (
        SELECT 1 FROM sqlite_schema AS s JOIN pragma_index_list(s.tbl_name) AS l ON l.name = s.name
        WHERE s.type = 'index' AND s.name = ? AND l."unique")`,
      args: [index, index],
    });
    const equalities = columns.split(" AND ").filter((part) => part.endsWith("=?"));
    return equalities.length === Number(rows[0]?.[0]) && equalities.length > 0;
  }
}
