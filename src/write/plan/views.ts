import type { RecordTarget } from "../../query/plan/target-in.ts";
import { compileOverflowChecks } from "../../query/sql/expansion-bounds/compile-overflow.ts";
import { compileRecordView, type RecordId } from "../../query/sql/record/compile-record-view.ts";
import type { PlannedWrite } from "./planned-write.ts";

/** How a write shows the written record. */
export function viewsOf({ visible }: RecordTarget, id: RecordId): Pick<PlannedWrite, "view" | "checks"> {
  return {
    view(plan) {
      const { statement, shape } = compileRecordView(plan, id);
      return { statement: visible.bind(statement), shape };
    },
    checks: (plan) =>
      compileOverflowChecks(plan, id).map((check) => ({ ...check, query: visible.bind(check.query) })),
  };
}
