import type { IdempotentRequest } from "../../db/idempotency.ts";
import { AppError } from "../../errors/app-error.ts";
import { type Catalog, getEntity } from "../../model/catalog.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import { planRecordView } from "../../query/plan/plan-list.ts";
import { type QueryTarget, READ_EVERYTHING } from "../../query/plan/target.ts";
import type { WorkspaceContext } from "../context.ts";

export const targetIn = (catalog: Catalog, name: string): QueryTarget => ({
  catalog,
  entity: getEntity(catalog, name),
  scope: READ_EVERYTHING,
});

/**
 * How the answer shows one record; null for all of its columns, which is what the write itself returns.
 * Throws BAD_REQUEST.
 */
export function planView(target: QueryTarget, parameters: URLSearchParams): RecordViewPlan | null {
  const { defaultFields, defaultExpand } = target.entity.settings;
  const isPlain = parameters.size === 0 && !defaultFields && !defaultExpand;
  return isPlain ? null : planRecordView(target, parameters);
}

/** All columns, nothing expanded. */
export const plainView = ({ entity, scope }: QueryTarget): RecordViewPlan => ({
  entity,
  scope,
  selection: { entity, columns: entity.columns, expansions: [] },
});

/** The request that must be done once, when the client has sent a key. */
export function idempotentRequestOf({ idempotency }: WorkspaceContext): IdempotentRequest | undefined {
  return idempotency instanceof AppError ? undefined : idempotency?.request;
}
