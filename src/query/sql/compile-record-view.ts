import { type SQL, sql } from "drizzle-orm";
import type { Column } from "../../model/column.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { MAX_EXPANDED_IN_ALL } from "../limits.ts";
import type { RecordViewPlan } from "../plan/plan.ts";
import { compileCells, compileJsonRow } from "./compile-selection.ts";
import type { Compiled } from "./compiled.ts";
import { identifier, keyword, list } from "./fragments.ts";
import { type TaggedRecord, tagOf } from "./shape-record.ts";
import { type JsonCells, jsonShaperOf, shaperOf } from "./shape-selection.ts";
import { idIn, type Source, Sources } from "./sources.ts";
import { VERSION_COLUMN } from "./table-of.ts";
import { toStatement } from "./to-statement.ts";

/** Stands for the integer id that the batch's preceding insert was given. */
export const LAST_INSERTED = Symbol("last inserted");

/** An id, the last inserted one, or that of the record which holds these values of a unique rule. */
export type RecordId = SqlValue | typeof LAST_INSERTED | UniqueMatch;

export interface UniqueMatch {
  readonly matching: ReadonlyMap<Column, SqlValue>;
}

export function matchOf(source: Source, id: RecordId): SQL {
  const idColumn = idIn(source);
  if (id === LAST_INSERTED) return sql`${idColumn} = last_insert_rowid()`;
  if (typeof id !== "object" || id === null) return sql`${idColumn} = ${id}`;
  const conditions = [...id.matching].map(([column, value]) => sql`${source.column(column)} = ${value}`);
  return sql.join(conditions, keyword("and"));
}

/**
 * One record as `fields` and `expand` want it, with its version; null when it is absent. In a batch it may follow the
 * write it answers; with `LAST_INSERTED` it must follow that insert directly.
 */
export function compileRecordView(plan: RecordViewPlan, id: RecordId): Compiled<TaggedRecord | null> {
  const sources = new Sources(plan.scope);
  const source = sources.use(plan.entity);
  const version = sql`${identifier(source.alias)}.${identifier(VERSION_COLUMN)}`;
  const cells = list([
    version,
    ...compileCells(plan.selection, { source, limit: MAX_EXPANDED_IN_ALL }, sources),
  ]);
  const match = matchOf(source, id);
  return {
    statements: [toStatement(sql`SELECT ${cells} FROM ${source.from} WHERE ${match}`)],
    shape([rows = []]) {
      const [row] = rows;
      return row ? { record: shaperOf(plan.selection)(row, 1), tag: tagOf(plan.entity, row[0]) } : null;
    },
  };
}

/** One record as JSON text in one cell, `[[…], id, version]`, with what turns that text into the record again. */
export interface CompiledJsonView {
  readonly statement: Statement;
  shape(text: string): TaggedRecord & { readonly id: string };
}

/** As compileRecordView, for a record that is kept instead of answered. */
export function compileJsonView(plan: RecordViewPlan, id: RecordId): CompiledJsonView {
  const sources = new Sources(plan.scope);
  const source = sources.use(plan.entity);
  const version = sql`${identifier(source.alias)}.${identifier(VERSION_COLUMN)}`;
  /* In front, where it takes the fewest places on the stack of SQLite's parser. */
  const row = compileJsonRow(plan.selection, { source, limit: MAX_EXPANDED_IN_ALL }, sources);
  const statement = toStatement(
    sql`SELECT json_array(${row}, ${idIn(source)}, ${version}) FROM ${source.from} WHERE ${matchOf(source, id)}`,
  );
  return {
    statement,
    shape(text) {
      const [cells, recordId, recordVersion] = JSON.parse(text) as [JsonCells, SqlValue, number];
      return {
        id: String(recordId),
        tag: tagOf(plan.entity, recordVersion),
        record: jsonShaperOf(plan.selection)(cells),
      };
    },
  };
}
