import { alreadyDone } from "../../../errors/api-errors.ts";
import type { ErrorCode } from "../../../errors/codes.ts";
import type { JsonObject } from "../../../model/json.ts";
import { keptRecordOf } from "../plan-together.ts";
import type { KeptRequest, Replay } from "../write-plan.ts";
import { isWrite, type PlannedBulk } from "./bulk-items.ts";
import { type BulkResult, bulkResultOf, type ItemResult } from "./bulk-result.ts";

/*
 * The stored outcome of a bulk request is the content of its response: which items succeeded, the errors, and records
 * only if they were requested. So the content itself shows whether they were, regardless of what a replay prefers.
 */
interface KeptBulk {
  readonly isReturning: boolean;
  /** Counts and errors; absent while the outcome of every other item is unknown. */
  readonly answer?: Omit<BulkResult, "data">;
}

/** How to replay a bulk request, however its items ran. */
export function replayOfBulk(bulk: PlannedBulk, answer?: BulkResult): Replay<BulkResult> {
  const { isReturning } = bulk;
  return {
    content: encode({ isReturning, ...(answer && { answer }) }),
    rebuild(kept) {
      const { isReturning: wasReturning, answer: known } = JSON.parse(kept.content ?? "{}") as KeptBulk;
      if (known && !wasReturning) return known;
      requireSameItems(bulk, kept);
      if (known) return { ...known, data: bulk.items.map((_, index) => recordAt(bulk, index, kept)) };
      return bulkResultOf(
        bulk.items.map((_, index) => resultAt(bulk, index, kept)),
        wasReturning,
      );
    },
  };
}

/** Error codes of items that may succeed when they are sent again. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set(["RATE_LIMITED", "SERVICE_UNAVAILABLE"]);

/**
 * What to store of a result whose errors are known only now; undefined if all succeeded, or if an item may be sent
 * again.
 */
export function keptContentOf({ data, ...answer }: BulkResult): string | undefined {
  const isFinal = !answer.errors?.some(({ error }) => TEMPORARY.has(error.code));
  if (answer.failed === 0 || !isFinal) return undefined;
  return encode({ isReturning: data !== undefined, answer });
}

const encode = (kept: KeptBulk) => JSON.stringify(kept);

/** The key may have fewer rights now, so that an item is refused that was done before. Throws IDEMPOTENCY_CONFLICT. */
function requireSameItems({ items }: PlannedBulk, { records, done }: KeptRequest): void {
  for (const position of [...records.keys(), ...done]) {
    const item = items[position];
    if (!item || !isWrite(item)) throw alreadyDone("was used when the key had more permissions");
  }
}

function recordAt({ target, items }: PlannedBulk, index: number, kept: KeptRequest): JsonObject | null {
  const item = items[index];
  return item && isWrite(item) ? keptRecordOf({ write: item, target }, index, kept) : null;
}

function resultAt(bulk: PlannedBulk, index: number, kept: KeptRequest): ItemResult {
  const item = bulk.items[index];
  if (item && !isWrite(item)) return item;
  const isDone = kept.records.has(index) || kept.done.has(index);
  return isDone ? { record: recordAt(bulk, index, kept) } : OUTCOME_LOST;
}

/** For an item that the database refused, if its error could not be stored. */
const OUTCOME_LOST = alreadyDone("was used for an item that was refused, and the reason is no longer known");
