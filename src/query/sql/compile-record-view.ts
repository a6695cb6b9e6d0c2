import { sql } from "drizzle-orm";
import type { SqlValue } from "../../model/sql-value.ts";
import type { RecordViewPlan } from "../plan/plan.ts";
import { compileCells } from "./compile-selection.ts";
import type { Compiled } from "./compiled.ts";
import { identifier, list } from "./fragments.ts";
import type { VersionedRecord } from "./shape-record.ts";
import { shaperOf } from "./shape-selection.ts";
import { idOf, Sources } from "./sources.ts";
import { VERSION_COLUMN } from "./table-of.ts";
import { toStatement } from "./to-statement.ts";

/** Stands for the integer id that the batch's preceding insert was given. */
export const LAST_INSERTED = Symbol("last inserted");

/**
 * One record as `fields` and `expand` want it, with its version; null when it is absent. In a batch it may follow the
 * write it answers; with `LAST_INSERTED` it must follow that insert directly.
 */
export function compileRecordView(
  plan: RecordViewPlan,
  id: SqlValue | typeof LAST_INSERTED,
): Compiled<VersionedRecord | null> {
  const sources = new Sources(plan.scope);
  const source = sources.use(plan.entity);
  const version = sql`${identifier(source.alias)}.${identifier(VERSION_COLUMN)}`;
  const cells = list([version, ...compileCells(plan.selection, source, sources)]);
  const wanted = id === LAST_INSERTED ? sql`last_insert_rowid()` : sql`${id}`;
  const match = sql`${source.column(idOf(plan.entity))} = ${wanted}`;
  return {
    statements: [toStatement(sql`SELECT ${cells} FROM ${source.from} WHERE ${match}`)],
    shape([rows = []]) {
      const [row] = rows;
      return row ? { record: shaperOf(plan.selection)(row, 1), version: Number(row[0]) } : null;
    },
  };
}
