import { compileOverflowChecks } from "../../query/sql/compile-overflow.ts";
import { compileRecordView, type RecordId } from "../../query/sql/compile-record-view.ts";
import type { PlannedWrite } from "./planned-write.ts";

/** How a write shows the record that it has written. */
export function viewsOf(id: RecordId): Pick<PlannedWrite, "view" | "checks"> {
  return {
    view: (plan) => compileRecordView(plan, id),
    checks: (plan) => compileOverflowChecks(plan, id),
  };
}
