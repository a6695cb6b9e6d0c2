import { type SQL, sql } from "drizzle-orm";
import type { JsonObject } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { ListPlan } from "../plan/plan.ts";
import { compileCells } from "./compile-selection.ts";
import type { Compiled, Rows } from "./compiled.ts";
import { list } from "./fragments.ts";
import { shaperOf } from "./shape-selection.ts";
import { idOf, Sources } from "./sources.ts";
import { toStatement } from "./to-statement.ts";

export interface OffsetMeta {
  readonly page: number;
  readonly size: number;
  /** Absent with `count=none`. */
  readonly totalElements?: number;
  readonly totalPages?: number;
}

export interface CursorMeta {
  readonly size: number;
  readonly nextCursor: string | null;
}

export interface ListAnswer {
  readonly data: readonly JsonObject[];
  readonly meta: OffsetMeta | CursorMeta;
}

/** One statement for the page with all its expansions, and one for the count when it is wanted. */
export function compileList(plan: ListPlan): Compiled<ListAnswer> {
  const sources = new Sources(plan.scope);
  const source = sources.use(plan.entity);
  const shape = shaperOf(plan.selection);
  const { size } = plan.page;
  const page = plan.page.kind === "OFFSET" ? plan.page.page : 0;
  const hasCount = plan.page.kind === "OFFSET" && plan.page.hasCount;
  const cells = list(compileCells(plan.selection, source, sources));
  const query: SQL = sql`SELECT ${cells} FROM ${source.from} ORDER BY ${source.column(idOf(plan.entity))} LIMIT ${size} OFFSET ${page * size}`;
  return {
    statements: [toStatement(query), ...(hasCount ? [countStatement(plan)] : [])],
    shape: ([rows = [], count = []]: readonly Rows[]) => {
      const data = rows.map((row) => shape(row, 0));
      if (!hasCount) return { data, meta: { page, size } };
      const totalElements = Number(count[0]?.[0] ?? 0);
      return { data, meta: { page, size, totalElements, totalPages: Math.ceil(totalElements / size) } };
    },
  };
}

/** Kept by triggers, so the count of everything never scans the table. */
function countStatement({ entity }: ListPlan): Statement {
  return { sql: "SELECT count FROM record_counts WHERE table_name = ?", args: [entity.physicalTable] };
}
