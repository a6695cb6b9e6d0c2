import type { AppError } from "../../errors/app-error.ts";
import type { Statement } from "../../model/sql-value.ts";
import { MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { RecordViewPlan, Selection } from "../plan/plan.ts";
import { compileJsonView, type RecordId } from "./compile-record-view.ts";
import { tooManyRecords } from "./shape-selection.ts";

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
  return branchesOf(plan.selection).map(({ selection, refusal }) => {
    const { sql, args } = compileJsonView({ ...plan, selection }, id).statement;
    const found = `SELECT 1 FROM json_tree((${sql})) WHERE type = 'array' AND json_array_length(value) > ?`;
    return { query: { sql: found, args: [...args, MAX_EXPANDED_RECORDS] }, refusal };
  });
}

interface Branch extends Pick<OverflowCheck, "refusal"> {
  /** The records on the way to one to-many expansion, without their columns. */
  readonly selection: Selection;
}

function branchesOf({ entity, expansions }: Selection): readonly Branch[] {
  return expansions.flatMap((expansion) => {
    const { hop } = expansion;
    const down = (selection: Selection): Selection => ({
      entity,
      columns: [],
      expansions: [{ hop, selection }],
    });
    const end = { entity: hop.entity, columns: [], expansions: [] };
    const isMany = hop.relationship.kind !== "TO_ONE";
    const own = isMany ? [{ selection: down(end), refusal: () => tooManyRecords(expansion) }] : [];
    const deeper = branchesOf(expansion.selection).map((each) => ({
      ...each,
      selection: down(each.selection),
    }));
    return [...own, ...deeper];
  });
}
