import { type SQL, sql } from "drizzle-orm";
import type { AppError } from "../../errors/app-error.ts";
import type { Statement } from "../../model/sql-value.ts";
import { MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Hop, RecordViewPlan, Selection } from "../plan/plan.ts";
import { matchOf, type RecordId } from "./compile-record-view.ts";
import { keyword, list } from "./fragments.ts";
import { tooManyRecords } from "./shape-selection.ts";
import { idOf, type Source, Sources } from "./sources.ts";
import { toStatement } from "./to-statement.ts";

/** Whether an expansion of a record is too large to be shown. */
export interface OverflowCheck {
  /** Finds a row when it is. */
  readonly query: Statement;
  refusal(): AppError;
}

/**
 * One check for each to-many expansion of a view. A read finds out when it shapes its answer; a write must know while it
 * can still be undone.
 */
export function compileOverflowChecks(plan: RecordViewPlan, id: RecordId): readonly OverflowCheck[] {
  return branchesOf(plan.selection).map(({ path, last }) => ({
    query: compileOverflow(plan, id, path),
    refusal: () => tooManyRecords(last),
  }));
}

interface Branch {
  /** From the record to the records of `last`. */
  readonly path: readonly Hop[];
  readonly last: Expansion;
}

/** The way to each to-many expansion. */
function branchesOf({ expansions }: Selection): readonly Branch[] {
  return expansions.flatMap((expansion) => {
    const { hop, selection } = expansion;
    const deeper = branchesOf(selection).map(({ path, last }) => ({ path: [hop, ...path], last }));
    return hop.relationship.kind === "TO_ONE" ? deeper : [{ path: [hop], last: expansion }, ...deeper];
  });
}

/** Joins, because sub-selects of five levels are too much for SQLite's parser. */
function compileOverflow(plan: RecordViewPlan, id: RecordId, path: readonly Hop[]): Statement {
  const sources = new Sources(plan.scope);
  const root = sources.use(plan.entity);
  const joined = { sources, from: [root.from], where: [matchOf(root, plan.entity, id)] };
  let parent = root;
  let child = root;
  for (const hop of path) {
    parent = child;
    child = join(joined, parent, hop);
  }
  const where = sql.join(joined.where, keyword("and"));
  return toStatement(
    sql`SELECT 1 FROM ${list(joined.from)} WHERE ${where} GROUP BY ${idIn(parent)} HAVING count(DISTINCT ${idIn(child)}) > ${MAX_EXPANDED_RECORDS}`,
  );
}

const idIn = (source: Source): SQL => source.column(idOf(source.entity));

interface Joined {
  readonly sources: Sources;
  readonly from: SQL[];
  readonly where: SQL[];
}

function join(
  { sources, from, where }: Joined,
  parent: Source,
  { relationship, entity, through }: Hop,
): Source {
  const child = sources.use(entity);
  from.push(child.from);
  if (relationship.kind === "TO_ONE") {
    where.push(sql`${idIn(child)} = ${parent.column(relationship.column)}`);
  } else if (relationship.kind === "TO_MANY" || !through) {
    where.push(sql`${child.column(relationship.targetColumn)} = ${idIn(parent)}`);
  } else {
    const link = sources.use(through);
    from.push(link.from);
    where.push(sql`${link.column(relationship.sourceColumn)} = ${idIn(parent)}`);
    where.push(sql`${link.column(relationship.targetColumn)} = ${idIn(child)}`);
  }
  return child;
}
