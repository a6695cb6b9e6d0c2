import { type SQL, sql } from "drizzle-orm";
import type { Column } from "../../model/column.ts";
import { MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Selection } from "../plan/plan.ts";
import { boundsOf, branchesOf } from "./branches.ts";
import { identifier, list } from "./fragments.ts";
import { compileJsonCell } from "./json-cell.ts";
import { idIn, idOf, type Source, type Sources } from "./sources.ts";

/** SQLite functions take at most 127 arguments. */
const GROUP_SIZE = 100;

/** Into how many groups the values of a selection are put. */
export const groupsOf = ({ columns }: Selection): number => Math.ceil(columns.length / GROUP_SIZE);

/** Where the value of a selection's column is. */
export const placeOf = (position: number) => ({
  group: Math.floor(position / GROUP_SIZE),
  index: position % GROUP_SIZE,
});

/** What expansions hang on. */
export interface Parent {
  readonly source: Source;
  /** How many records expansions through many to many may lead to; undefined where that is known to hold. */
  readonly limit: number | undefined;
}

/**
 * A record as the text of a JSON array: its values in groups of 100, each an array, then an array of records for each
 * expansion, then, when there is any, a group of `others`. Joined instead of made by JSON functions, which would read
 * again what expansions have made; and of what stands before an expansion, functions take the most places on the stack of
 * SQLite's parser, which has but 100.
 */
export function compileJsonRow(
  selection: Selection,
  parent: Parent,
  { sources, others = [] }: { readonly sources: Sources; readonly others?: readonly SQL[] },
): SQL {
  const values = selection.columns.map((column) => compileJsonCell(parent.source.column(column), column));
  const groups = Array.from({ length: groupsOf(selection) }, (_, i) =>
    jsonArray(values.slice(i * GROUP_SIZE, (i + 1) * GROUP_SIZE)),
  );
  const expansions = selection.expansions.map(
    (expansion) => sql`'[' || coalesce(${compileExpansion(expansion, parent, sources)}, '') || ']'`,
  );
  const parts = [...groups, ...expansions, ...(others.length > 0 ? [jsonArray(others)] : [])];
  if (parts.length === 0) return sql`'[]'`;
  return sql`'[' || ${sql.join(parts, sql` || ',' || `)} || ']'`;
}

const jsonArray = (values: readonly SQL[]): SQL => sql`json_array(${list(values)})`;

/** The records of an expansion, separated by commas; null when there are none. */
function compileExpansion({ hop, selection }: Expansion, parent: Parent, sources: Sources): SQL {
  const { relationship } = hop;
  const { source, limit } = parent;
  const child = sources.use(hop.entity);
  if (relationship.kind === "TO_ONE") {
    const match = sql`${idIn(child)} = ${source.column(relationship.column)}`;
    const row = compileJsonRow(selection, { source: child, limit }, { sources });
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
 * In front of the outermost expansions that go to many: the first row is what they give, and where a bound is exceeded,
 * that bound. In this form it takes the fewest places on the parser's stack.
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
  const row = compileJsonRow(selection, { source: rows, limit: undefined }, { sources });
  return sql`SELECT group_concat(${row}) FROM (${page}) AS ${identifier(rows.alias)}`;
}

/** The answered columns, and those that nested expansions hang on. */
function neededColumns({ entity, columns, expansions }: Selection): readonly Column[] {
  const references = expansions.flatMap(({ hop: { relationship } }) =>
    relationship.kind === "TO_ONE" ? [relationship.column] : [],
  );
  return [...new Set([idOf(entity), ...columns, ...references])];
}
