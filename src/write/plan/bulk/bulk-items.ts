import { requiredProblem } from "../../../columns/field-rule.ts";
import { idTextOf } from "../../../columns/record-id.ts";
import { badRequest, notAnObject, validationFailed } from "../../../errors/api-errors.ts";
import { AppError, RequestError, withPrefix } from "../../../errors/app-error.ts";
import type { Entity } from "../../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../model/json.ts";
import type { PlanningView } from "../../../model/workspace.ts";
import { MAX_BATCH_ITEMS } from "../../../query/limits.ts";
import type { RecordTarget } from "../../../query/plan/target-in.ts";
import { planCreation } from "../plan-creation.ts";
import { planDelete } from "../plan-delete.ts";
import type { TargetedWrite } from "../plan-together.ts";
import { planUpdate } from "../plan-update.ts";
import { planUpsert, upsertKeyOf } from "../plan-upsert.ts";
import type { PlannedWrite } from "../planned-write.ts";
import { noneEarlier } from "../references.ts";
import { validationContextOf } from "../validation-context.ts";

export type BulkAction = "CREATE" | "UPDATE" | "DELETE";

export interface BulkRequest {
  readonly action: BulkAction;
  /** The comma-separated fields of a unique rule to match on instead of `id`. */
  readonly upsertBy: string | null;
  readonly items: readonly JsonValue[];
  /** Whether one refused item undoes all. */
  readonly isAtomic: boolean;
  /** Whether the result contains the records. */
  readonly isReturning: boolean;
}

/** The write of an item, or why there is none. */
export type PlannedItem = PlannedWrite | AppError;

/** The planned items of a bulk request. */
export interface PlannedBulk {
  readonly target: RecordTarget;
  readonly items: readonly PlannedItem[];
  readonly action: BulkAction;
  readonly isReturning: boolean;
}

export const isWrite = (item: PlannedItem): item is PlannedWrite => !(item instanceof AppError);

/** The writes of the items that are not refused. */
export const writesOf = ({
  target,
  items,
}: Pick<PlannedBulk, "target" | "items">): readonly TargetedWrite[] =>
  items.filter(isWrite).map((write) => ({ write, target }));

export const inItem = (index: number, error: AppError) => withPrefix(`Item ${index}: `, error);

/** The array of a bulk body. Throws BAD_REQUEST. */
export function requireItems(body: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(body) || body.length === 0)
    throw badRequest("Request body must be a non-empty JSON array");
  if (body.length > MAX_BATCH_ITEMS)
    throw badRequest(`Bulk requests are limited to ${MAX_BATCH_ITEMS} items`);
  return body;
}

/** Plans each item like a single request. Throws BAD_REQUEST for an `upsertBy` that is not a unique rule. */
export function planItems(
  planning: PlanningView,
  target: RecordTarget,
  { action, upsertBy, items, isAtomic }: BulkRequest,
): readonly PlannedItem[] {
  const key = upsertBy === null ? undefined : upsertKeyOf(target.entity, upsertBy);
  const earlier = noneEarlier(items.length);
  const context = validationContextOf(planning, target, earlier.patterns);
  return items.map((item, index) => {
    try {
      if (action === "DELETE") return planDelete(target, { id: idTextOf(target.entity, item) });
      const body = requireObject(item);
      if (action === "CREATE") {
        const creation = { target, body, name: `items[${index}]` };
        const creating = { planning, earlier, hasReferences: false, mayNest: isAtomic };
        return planCreation(creation, creating).write;
      }
      return key
        ? planUpsert(target, { key, body }, context)
        : planUpdate(target, { id: requireId(target.entity, body), body }, context);
    } catch (thrown) {
      if (thrown instanceof AppError && !(thrown instanceof RequestError)) return thrown;
      throw thrown;
    }
  });
}

function requireObject(item: JsonValue): JsonObject {
  if (!isJsonObject(item)) throw notAnObject();
  return item;
}

function requireId(entity: Entity, body: JsonObject): string {
  const { id } = body;
  if (id === undefined || id === null) throw validationFailed([{ field: "id", ...requiredProblem("id") }]);
  return idTextOf(entity, id);
}
