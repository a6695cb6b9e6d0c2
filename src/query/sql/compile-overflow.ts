import { type SQL, sql } from "drizzle-orm";
import type { AppError } from "../../errors/app-error.ts";
import type { Statement } from "../../model/sql-value.ts";
import { MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Hop, RecordViewPlan } from "../plan/plan.ts";
import { branchesOf, compileIsTooMany, idIn, isNested, joinPath } from "./branches.ts";
import { matchOf, type RecordId } from "./compile-record-view.ts";
import { list } from "./fragments.ts";
import { tooManyInAll, tooManyRecords } from "./shape-selection.ts";
import { type Source, Sources } from "./sources.ts";
import { toStatement } from "./to-statement.ts";

/** Whether an expansion of a record is too large to be shown. */
export interface OverflowCheck {
  /** Finds a row when it is. */
  readonly query: Statement;
  refusal(): AppError;
}

/**
 * Checks for each to-many expansion of a view. A read finds out when it shapes its answer; a write must know while it
 * can still be undone.
 */
export function compileOverflowChecks(plan: RecordViewPlan, id: RecordId): readonly OverflowCheck[] {
  const root = () => {
    const sources = new Sources(plan.scope);
    const source = sources.use(plan.entity);
    return { sources, source, match: matchOf(source, plan.entity, id) };
  };
  return plan.selection.expansions.flatMap(branchesOf).flatMap((branch) => {
    const { path, last } = branch;
    const ofOneParent = { query: compileOverflow(path, root()), refusal: () => tooManyRecords(last) };
    if (!isNested(branch)) return [ofOneParent];
    return [{ query: compileOverflowInAll(path, root()), refusal: () => tooManyInAll(last) }, ofOneParent];
  });
}

interface Root {
  readonly sources: Sources;
  readonly source: Source;
  /** Finds the record. */
  readonly match: SQL;
}

function compileOverflowInAll(path: readonly Hop[], { sources, source, match }: Root): Statement {
  const isTooMany = compileIsTooMany(path, source, sources);
  return toStatement(sql`SELECT 1 FROM ${source.from} WHERE ${match} AND ${isTooMany}`);
}

function compileOverflow(path: readonly Hop[], { sources, source, match }: Root): Statement {
  const { from, where, parent, child } = joinPath(path, source, sources);
  return toStatement(
    sql`SELECT 1 FROM ${list([source.from, ...from])} WHERE ${match} AND ${where} GROUP BY ${idIn(parent)} HAVING count(DISTINCT ${idIn(child)}) > ${MAX_EXPANDED_RECORDS}`,
  );
}
