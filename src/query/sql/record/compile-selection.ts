import { type SQL, sql } from "drizzle-orm";
import type { Column } from "../../../model/column.ts";
import { MAX_EXPANDED_RECORDS } from "../../limits.ts";
import type { Expansion, Selection } from "../../plan/plan.ts";
import { compileMatch } from "../expansion-bounds/join-path.ts";
import { identifier, list } from "../fragments.ts";
import { idColumnOf, idIn, type Source } from "../source.ts";
import type { Sources } from "../sources.ts";
import { compileJsonCell } from "./json-cell.ts";

/** SQLite functions take at most 127 arguments. */
const GROUP_SIZE = 100;

/** The number of groups for the values of a selection. */
export const groupsOf = ({ columns }: Selection): number => Math.ceil(columns.length / GROUP_SIZE);

/** The position of a selected column's value. */
export const placeOf = (position: number) => ({
  group: Math.floor(position / GROUP_SIZE),
  index: position % GROUP_SIZE,
});

/**
 * A record as the text of a JSON array: its values in groups of 100, then an array of records per expansion, then a
 * group of `others` if there are any. The parts are concatenated, because JSON functions would parse expansions again.
 * Functions also need more of the stack of SQLite's parser, which has only 100 entries.
 */
export function compileJsonRow(
  selection: Selection,
  source: Source,
  { sources, others = [] }: { readonly sources: Sources; readonly others?: readonly SQL[] },
): SQL {
  const values = selection.columns.map((column) => compileJsonCell(source.column(column), column));
  const groups = Array.from({ length: groupsOf(selection) }, (_, i) =>
    jsonArray(values.slice(i * GROUP_SIZE, (i + 1) * GROUP_SIZE)),
  );
  const expansions = selection.expansions.map(
    (expansion) => sql`'[' || coalesce(${compileExpansion(expansion, source, sources)}, '') || ']'`,
  );
  const parts = [...groups, ...expansions, ...(others.length > 0 ? [jsonArray(others)] : [])];
  if (parts.length === 0) return sql`'[]'`;
  return sql`'[' || ${sql.join(parts, sql` || ',' || `)} || ']'`;
}

const jsonArray = (values: readonly SQL[]): SQL => sql`json_array(${list(values)})`;

/** The records of an expansion, separated by commas; null if there are none. */
function compileExpansion({ hop, selection }: Expansion, parent: Source, sources: Sources): SQL {
  const child = sources.use(hop.entity);
  const match = compileMatch(hop, { parent, child }, sources);
  if (hop.relationship.kind !== "TO_ONE") return sql`(${compileMany(selection, { child, match }, sources)})`;
  return sql`(SELECT ${compileJsonRow(selection, child, { sources })} FROM ${child.from} WHERE ${match})`;
}

/** Reads one record more than allowed, so that too many are refused instead of cut. */
function compileMany(
  selection: Selection,
  { child, match }: { readonly child: Source; readonly match: SQL },
  sources: Sources,
): SQL {
  const rows = sources.use(selection.entity);
  const needed = list(neededColumns(selection).map((column) => child.column(column)));
  const page = sql`SELECT ${needed} FROM ${child.from} WHERE ${match} ORDER BY ${idIn(child)} LIMIT ${MAX_EXPANDED_RECORDS + 1}`;
  const row = compileJsonRow(selection, rows, { sources });
  return sql`SELECT group_concat(${row}) FROM (${page}) AS ${identifier(rows.alias)}`;
}

/** The selected columns, and those that nested expansions need. */
function neededColumns({ entity, columns, expansions }: Selection): readonly Column[] {
  const references = expansions.flatMap(({ hop: { relationship } }) =>
    relationship.kind === "TO_ONE" ? [relationship.column] : [],
  );
  return [...new Set([idColumnOf(entity), ...columns, ...references])];
}
