import { type SQL, sql } from "drizzle-orm";
import type { AppError } from "../../errors/app-error.ts";
import type { Statement } from "../../model/sql-value.ts";
import { MAX_EXPANDED_IN_ALL, MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Hop, RecordViewPlan } from "../plan/plan.ts";
import { type Bound, type Branch, boundsOf, branchesOf, joinPath, tooManyRecords } from "./branches.ts";
import { matchOf, type RecordId } from "./compile-record-view.ts";
import { list } from "./fragments.ts";
import { idIn, type Source, Sources } from "./sources.ts";
import { toStatement } from "./to-statement.ts";

/** Whether an expansion of a record is too large to be shown. */
export interface OverflowCheck {
  /** Finds a row when it is. */
  readonly query: Statement;
  refusal(): AppError;
}

/**
 * Checks for the to-many expansions of a view, in an order in which each relies on those before it. A read finds out when
 * it shapes its answer; a write must know while it can still be undone.
 */
export function compileOverflowChecks(plan: RecordViewPlan, id: RecordId): readonly OverflowCheck[] {
  const root = () => {
    const sources = new Sources(plan.scope);
    const source = sources.use(plan.entity);
    return { sources, source, match: matchOf(source, id) };
  };
  return plan.selection.expansions.flatMap(outermostOf).flatMap((branches) => [
    ...boundsOf(branches).map((bound) => ({
      query: compileExceeds(bound, root()),
      refusal: () => bound.refusal(MAX_EXPANDED_IN_ALL),
    })),
    ...branches.map(({ path, last }) => ({
      query: compileOverflow(path, root()),
      refusal: () => tooManyRecords(last),
    })),
  ]);
}

/** The branches of each expansion that is the first to many on its way. */
function outermostOf(expansion: Expansion): readonly (readonly Branch[])[] {
  const { hop, selection } = expansion;
  if (hop.relationship.kind !== "TO_ONE") return [branchesOf(expansion)];
  return selection.expansions
    .flatMap(outermostOf)
    .map((branches) => branches.map(({ path, last }) => ({ path: [hop, ...path], last })));
}

interface Root {
  readonly sources: Sources;
  readonly source: Source;
  /** Finds the record. */
  readonly match: SQL;
}

function compileExceeds(bound: Bound, { sources, source, match }: Root): Statement {
  const exceeds = bound.compileExceeds(source, sources, MAX_EXPANDED_IN_ALL);
  return toStatement(sql`SELECT 1 FROM ${source.from} WHERE ${match} AND ${exceeds}`);
}

function compileOverflow(path: readonly Hop[], { sources, source, match }: Root): Statement {
  const { from, where, parent, child } = joinPath(path, source, sources);
  return toStatement(
    sql`SELECT 1 FROM ${list([source.from, ...from])} WHERE ${match} AND ${where} GROUP BY ${idIn(parent)} HAVING count(DISTINCT ${idIn(child)}) > ${MAX_EXPANDED_RECORDS}`,
  );
}
