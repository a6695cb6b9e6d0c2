import { type SQL, sql } from "drizzle-orm";
import type { Column } from "../../../model/column.ts";
import { VERSION_COLUMN } from "../../../model/names.ts";
import { Slot, type SqlValue, type Statement } from "../../../model/sql-value.ts";
import { MAX_EXPANDED_IN_ALL } from "../../limits.ts";
import type { RecordViewPlan } from "../../plan/plan.ts";
import type { Extent } from "../expansion-bounds/bounds-of-branches.ts";
import type { Roots } from "../expansion-bounds/join-path.ts";
import { ResponseBounds } from "../expansion-bounds/response-bounds.ts";
import { identifier, keyword } from "../fragments.ts";
import { idIn, type Source } from "../source.ts";
import { Sources } from "../sources.ts";
import { Embedded, toStatement } from "../to-statement.ts";
import { compileJsonRow } from "./compile-selection.ts";
import { type TaggedRecord, tagOf } from "./shape-record.ts";
import { type JsonRow, shaperOf } from "./shape-selection.ts";

/** Stands for the integer id of the batch's preceding insert. */
export const LAST_INSERTED = Symbol("last inserted");

/** An id or an expression for it, the last inserted id, or the id of the record with these values of a unique rule. */
export type RecordId = SqlValue | Statement | typeof LAST_INSERTED | UniqueMatch;

/** The slot of a key that each request binds. It is not an operand. */
const KEY_SLOT = new Slot(-1, 0);

export interface UniqueMatch {
  readonly matching: ReadonlyMap<Column, SqlValue | Slot>;
}

export const ONE_RECORD: Extent = { records: 1, limit: MAX_EXPANDED_IN_ALL };

export const rootOf = (source: Source, id: RecordId): Roots => ({
  source,
  from: source.from,
  where: matchOf(source, id),
});

function matchOf(source: Source, id: RecordId): SQL {
  const idColumn = idIn(source);
  if (id === LAST_INSERTED) return sql`${idColumn} = last_insert_rowid()`;
  if (typeof id !== "object" || id === null) return sql`${idColumn} = ${id}`;
  if ("sql" in id) return sql`${idColumn} = ${new Embedded(id)}`;
  const conditions = [...id.matching].map(([column, value]) => sql`${source.column(column)} = ${value}`);
  return sql.join(conditions, keyword("and"));
}

/** A record as JSON text in one cell, and the function that decodes it. */
export interface CompiledView {
  readonly statement: Statement;
  shape(text: string): TaggedRecord & { readonly id: string };
}

/** The view of any record of an entity, by its key. */
export interface CompiledViews extends Pick<CompiledView, "shape"> {
  of(key: SqlValue): Statement;
}

/**
 * A just-written record as `fields` and `expand` ask for it, whether or not it exists for the caller. With
 * `LAST_INSERTED`, it must directly follow that insert.
 */
export function compileRecordView(plan: RecordViewPlan, id: RecordId): CompiledView {
  const { query, shape } = compileView(plan, id, "reuse");
  return { statement: toStatement(query), shape };
}

/** Any record that exists for the caller, compiled once for all values of a unique column. */
export function compileRecordViews(plan: RecordViewPlan, key: Column): CompiledViews {
  const { query, shape } = compileView(plan, { matching: new Map([[key, KEY_SLOT]]) }, "use");
  const { sql: text, args, slots = new Map<number, Slot>() } = toStatement(query);
  const positions = [...slots.keys()].filter((position) => slots.get(position) === KEY_SLOT);
  const others = new Map([...slots].filter(([, slot]) => slot !== KEY_SLOT));
  const of = (value: SqlValue): Statement => {
    const bound = [...args];
    for (const position of positions) bound[position] = value;
    return { sql: text, args: bound, ...(others.size > 0 && { slots: others }) };
  };
  return { of, shape };
}

function compileView({ entity, scope, selection }: RecordViewPlan, id: RecordId, how: "use" | "reuse") {
  const sources = new Sources(scope);
  const source = sources[how](entity);
  const version = sql`${identifier(source.alias)}.${identifier(VERSION_COLUMN)}`;
  const row = compileJsonRow(selection, source, { sources, others: [idIn(source), version] });
  const roots = rootOf(source, id);
  const select = sql`SELECT ${row} FROM ${roots.from} WHERE ${roots.where}`;
  const bounds = new ResponseBounds(selection, ONE_RECORD);
  const shapeCells = shaperOf(selection);
  return {
    query: bounds.compile([], select, { roots, sources }),
    shape(text: string) {
      const cells = JSON.parse(text) as JsonRow;
      bounds.check([cells]);
      const [recordId, recordVersion] = cells.at(-1) ?? [];
      return { id: String(recordId), tag: tagOf(entity, recordVersion), record: shapeCells(cells) };
    },
  };
}
