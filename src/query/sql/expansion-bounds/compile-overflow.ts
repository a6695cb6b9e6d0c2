import { sql } from "drizzle-orm";
import type { AppError } from "../../../errors/app-error.ts";
import type { Statement } from "../../../model/sql-value.ts";
import { MAX_EXPANDED_RECORDS } from "../../limits.ts";
import type { Hop, RecordViewPlan } from "../../plan/plan.ts";
import { ONE_RECORD, type RecordId, rootOf } from "../record/compile-record-view.ts";
import { idIn } from "../source.ts";
import { Sources } from "../sources.ts";
import { boundsOf, type ExpansionBound } from "./bounds-of-branches.ts";
import { outermostBranches } from "./branches.ts";
import { tooManyRecords } from "./expansion-errors.ts";
import { joinPath, type Roots } from "./join-path.ts";

/** Whether an expansion of a record is too large to be shown. */
export interface OverflowCheck {
  /** Finds a row if it is. */
  readonly query: Statement;
  error(): AppError;
}

/**
 * Checks for the to-many expansions of a view, in an order in which each relies on those before it. A read notices an
 * overflow while shaping the response; a write must know while it can still be undone.
 */
export function compileOverflowChecks(plan: RecordViewPlan, id: RecordId): readonly OverflowCheck[] {
  const root = () => {
    const sources = new Sources(plan.scope);
    return { sources, roots: rootOf(sources.reuse(plan.entity), id) };
  };
  return outermostBranches(plan.selection).flatMap((branches) => [
    ...boundsOf(branches, ONE_RECORD).map((bound) => ({
      query: compileExceeds(bound, root()),
      error: bound.error,
    })),
    ...branches.map(({ path, last }) => ({
      query: compileOverflow(path, root()),
      error: () => tooManyRecords(last),
    })),
  ]);
}

interface Root {
  readonly sources: Sources;
  readonly roots: Roots;
}

const compileExceeds = (bound: ExpansionBound, { sources, roots }: Root): Statement =>
  sources.toStatement(sql`SELECT 1 WHERE ${bound.compileExceeds(roots, sources)}`);

function compileOverflow(path: readonly Hop[], { sources, roots }: Root): Statement {
  const { from, where, parent, child } = joinPath(path, roots, sources);
  return sources.toStatement(
    sql`SELECT 1 FROM ${from} WHERE ${where} GROUP BY ${idIn(parent)} HAVING count(DISTINCT ${idIn(child)}) > ${MAX_EXPANDED_RECORDS}`,
  );
}
