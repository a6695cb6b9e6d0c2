import { type SQL, sql } from "drizzle-orm";
import { columnTypeOf } from "../../columns/registry.ts";
import type { Column } from "../../model/column.ts";
import { MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Selection } from "../plan/plan.ts";
import { boundsOf, branchesOf } from "./branches.ts";
import { identifier, list } from "./fragments.ts";
import { idIn, idOf, type Source, type Sources } from "./sources.ts";

/** SQLite functions take at most 127 arguments; wider arrays are arrays of arrays this long. */
export const JSON_CHUNK_SIZE = 100;

/** What expansions hang on. */
export interface Parent {
  readonly source: Source;
  /** How many records expansions through many to many may lead to; undefined where that is known to hold. */
  readonly limit: number | undefined;
}

/** The cells of a selection in SELECT: its columns, then each expansion as JSON text. */
export function compileCells(selection: Selection, parent: Parent, sources: Sources): SQL[] {
  return [
    ...selection.columns.map((column) => parent.source.column(column)),
    ...selection.expansions.map((expansion) => compileExpansion(expansion, parent, sources)),
  ];
}

function compileExpansion({ hop, selection }: Expansion, parent: Parent, sources: Sources): SQL {
  const { relationship } = hop;
  const { source, limit } = parent;
  const child = sources.use(hop.entity);
  if (relationship.kind === "TO_ONE") {
    const match = sql`${idIn(child)} = ${source.column(relationship.column)}`;
    const row = compileJsonRow(selection, { source: child, limit }, sources);
    return sql`(SELECT ${row} FROM ${child.from} WHERE ${match})`;
  }
  const parentId = idIn(source);
  const refusals = compileRefusals({ hop, selection }, parent, sources);
  if (relationship.kind === "TO_MANY" || !hop.through) {
    const match = sql`${child.column(relationship.targetColumn)} = ${parentId}`;
    return sql`(${refusals}${compileMany(selection, { child, match }, sources)})`;
  }
  const through = sources.use(hop.through);
  const targets = sql`SELECT ${through.column(relationship.targetColumn)} FROM ${through.from} WHERE ${through.column(relationship.sourceColumn)} = ${parentId}`;
  return sql`(${refusals}${compileMany(selection, { child, match: sql`${idIn(child)} IN (${targets})` }, sources)})`;
}

/**
 * In front of the outermost expansions that go to many: the first row is the cell, and where a bound is exceeded, that
 * bound. In this form it takes the fewest places on the parser's stack.
 */
function compileRefusals(expansion: Expansion, { source, limit }: Parent, sources: Sources): SQL {
  if (limit === undefined) return sql``;
  const refusals = boundsOf(branchesOf(expansion)).map((bound, i) => {
    const exceeds = bound.compileExceeds(source, sources, limit);
    return sql`SELECT ${JSON.stringify(`${i}:${limit}`)} WHERE ${exceeds} UNION ALL `;
  });
  return sql.join(refusals);
}

/** One record more than allowed is read, so that too many are noticed instead of cut. */
function compileMany(
  selection: Selection,
  { child, match }: { readonly child: Source; readonly match: SQL },
  sources: Sources,
): SQL {
  const rows = sources.use(selection.entity);
  const needed = list(neededColumns(selection).map((column) => child.column(column)));
  const page = sql`SELECT ${needed} FROM ${child.from} WHERE ${match} ORDER BY ${idIn(child)} LIMIT ${MAX_EXPANDED_RECORDS + 1}`;
  const row = compileJsonRow(selection, { source: rows, limit: undefined }, sources);
  return sql`SELECT json_group_array(${row}) FROM (${page}) AS ${identifier(rows.alias)}`;
}

/** The answered columns, and those that nested expansions hang on. */
function neededColumns({ entity, columns, expansions }: Selection): readonly Column[] {
  const references = expansions.flatMap(({ hop: { relationship } }) =>
    relationship.kind === "TO_ONE" ? [relationship.column] : [],
  );
  return [...new Set([idOf(entity), ...columns, ...references])];
}

/**
 * The cells of a selection as one JSON array, exact in every type. `-> '$'` makes JSON of a text like `json()`. Whatever
 * stands before an expansion takes a place on the stack of SQLite's parser, which has but 100: hence operators.
 */
export function compileJsonRow(selection: Selection, parent: Parent, sources: Sources): SQL {
  const { source } = parent;
  const columns = selection.columns.map((column) => compileJsonCell(source.column(column), column));
  const expansions = selection.expansions.map(
    (expansion) => sql`${compileExpansion(expansion, parent, sources)} -> '$'`,
  );
  if (columns.length + expansions.length <= JSON_CHUNK_SIZE)
    return sql`json_array(${list([...columns, ...expansions])})`;
  const chunks: SQL[] = [];
  for (let start = 0; start < columns.length; start += JSON_CHUNK_SIZE) {
    chunks.push(sql`json_array(${list(columns.slice(start, start + JSON_CHUNK_SIZE))})`);
  }
  chunks.push(...expansions.map((expansion) => sql`json_array(${expansion})`));
  return sql`'[' || ${sql.join(chunks, sql` || ',' || `)} || ']' -> '$'`;
}

/** JSON numbers lose digits of 64-bit integers, and SQLite prints 15 digits of a double. printf makes a zero of null. */
function compileJsonCell(value: SQL, column: Column): SQL {
  const { jsonTransport } = columnTypeOf(column);
  if (jsonTransport === "TEXT") return sql`CAST(${value} AS TEXT)`;
  if (jsonTransport === "REAL17")
    return sql`CASE WHEN ${value} IS NOT NULL THEN printf('%!.17g', ${value}) END`;
  return value;
}
