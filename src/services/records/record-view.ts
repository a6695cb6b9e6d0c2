import type { IdempotentRequest } from "../../db/idempotency.ts";
import { AppError } from "../../errors/app-error.ts";
import { operationNotAllowed } from "../../errors/failures.ts";
import { canReadIn, type Operation } from "../../model/access.ts";
import { getEntity } from "../../model/catalog.ts";
import { doesDeleteTell } from "../../model/holders.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import { planRecordView } from "../../query/plan/plan-list.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import type { WorkspaceContext } from "../context.ts";
import type { PlanningView } from "../fence/fenced-plan.ts";

/**
 * The entity of a name, for what the caller wants to do with it. To a key with scopes, an entity that does not exist is
 * like one that it may not use. A key that may not read who can hold an entity's records, or what a delete would cascade to,
 * cannot delete them: the refusal would tell what is there. Throws FORBIDDEN, NOT_FOUND.
 */
export function targetIn(
  { catalog, access }: Pick<PlanningView, "catalog" | "access">,
  name: string,
  operations: readonly Operation[],
): QueryTarget {
  const entity = catalog.entities.get(name);
  const canRead = canReadIn(catalog, access);
  for (const operation of access.isWhole ? [] : operations) {
    const isTelling = operation === "delete" && entity && doesDeleteTell(catalog, entity, canRead);
    if (!entity || !access.isAllowed(operation, entity) || isTelling)
      throw operationNotAllowed(operation, name);
  }
  return { catalog, entity: getEntity(catalog, name), scope: { canRead, rowsOf: () => null } };
}

const FULL_RECORD = { defaultExpand: null, defaultFields: null };

/**
 * How a write's answer shows the record; null for all of its columns, which is what the write itself returns. The
 * entity's defaults are for reads. Throws FORBIDDEN, BAD_REQUEST.
 */
export function planWrittenView(target: QueryTarget, parameters: URLSearchParams): RecordViewPlan | null {
  const { name } = target.entity;
  if (parameters.size === 0) return null;
  if (!target.scope.canRead(name)) throw operationNotAllowed("read", name);
  return planRecordView(target, parameters, FULL_RECORD);
}

/** All columns, nothing expanded. For what a write answers also to a key that may not read. */
export const plainView = ({ entity }: QueryTarget): RecordViewPlan => ({
  entity,
  scope: { canRead: (name) => name === entity.name, rowsOf: () => null },
  selection: { entity, columns: entity.columns, expansions: [] },
});

/** The request that must be done once, when the client has sent a key. */
export function idempotentRequestOf({ idempotency }: WorkspaceContext): IdempotentRequest | undefined {
  return idempotency instanceof AppError ? undefined : idempotency?.request;
}
