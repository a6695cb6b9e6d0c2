import { operationNotAllowed } from "../../errors/api-errors.ts";
import type { RecordViewPlan } from "./plan.ts";
import { planRecordView } from "./plan-list.ts";
import type { QueryTarget } from "./target.ts";
import type { RecordTarget } from "./target-in.ts";

const FULL_RECORD = { defaultExpand: null, defaultFields: null };

/**
 * How the response to a write shows the record; null for all of its columns, which the write itself returns. The entity's
 * defaults apply to reads only. Throws FORBIDDEN, BAD_REQUEST.
 */
export function planWrittenView(target: RecordTarget, parameters: URLSearchParams): RecordViewPlan | null {
  const { name } = target.entity;
  if (parameters.size === 0) return null;
  if (!target.scope.canRead(name)) throw operationNotAllowed("read", name, { who: target.visible.who });
  return planRecordView(target, parameters, FULL_RECORD);
}

/** All columns, nothing expanded. A write returns them even to a key that may not read. */
export const plainView = ({ entity }: QueryTarget): RecordViewPlan => ({
  entity,
  scope: { canRead: (name) => name === entity.name, rowsOf: () => null },
  selection: { entity, columns: entity.columns, expansions: [] },
});
