import { prepare } from "../db/platform.ts";
import { removeInChunks } from "../db/remove-in-chunks.ts";
import { alreadyDone, idempotencyConflict, ResponseTooLarge, usedForAnother } from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { logWarning } from "../lib/logger.ts";
import { accessOf } from "../model/access.ts";
import { principalIdOf } from "../model/actor.ts";
import type { Statement } from "../model/sql-value.ts";
import { rulesMarkOf } from "../query/rules/rules-mark.ts";
import type { Keep, Replay } from "../write/plan/write-plan.ts";
import type { Belief } from "./facts.ts";
import type { FenceContext } from "./fence-context.ts";
import type { Attempt, FencedPlan, Outcome } from "./fenced-plan.ts";
import {
  claimStatements,
  type EarlierRequest,
  expireStatement,
  findInParts,
  findStored,
  isExpired,
  keepContent,
  keepStatement,
  type OwnRequest,
  toEarlierRequest,
} from "./kept-requests.ts";
import { planOrError } from "./plan-or-error.ts";
import { read } from "./read.ts";

/*
 * Idempotency-Keys. A write claims its key in its own transaction, behind the guard, and stores its outcome there. If
 * the claim fails, an earlier request has the key, and its stored outcome gives the response.
 */

/** The request that must be done once, if the client sent a valid key. */
export function requestOf({ ctx: { idempotency }, belief }: Asked): OwnRequest | undefined {
  if (!idempotency || idempotency instanceof AppError) return undefined;
  return {
    ...idempotency.request,
    workspaceId: belief.view.workspace.id,
    principal: principalIdOf(belief.actor),
  };
}

type Asked = Pick<Attempt<unknown>, "ctx" | "belief">;

/** Separates a request's fingerprint from the mark of the rules that were in force. */
const RULES = "~";

function withRules(request: OwnRequest, { actor, view }: Belief): OwnRequest {
  const mark = rulesMarkOf(view.catalog, accessOf(actor));
  return mark === "" ? request : { ...request, fingerprint: request.fingerprint + RULES + mark };
}

/** Statements that claim the request's key. The last fails if the key was used. None without a key. */
export function claimOf(
  attempt: Attempt<unknown>,
  planned: Replay<unknown> | undefined,
): readonly Statement[] {
  const request = requestOf(attempt);
  if (!request || !planned) return [];
  const { belief } = attempt;
  return claimStatements(withRules(request, belief), belief.view.workspace.schemaVersion, planned.content);
}

/** Returns the statement that stores the outcome of a step; undefined if the request has no key. */
export function keepingOf(attempt: Asked, keep: Keep | undefined): Statement | undefined {
  const request = requestOf(attempt);
  return request && keep && keepStatement(request, keep);
}

/** Stores a result that was known only after the commit. The write is done, so the client does not see a failure. */
export async function keepResult(attempt: Asked, content: string | undefined): Promise<void> {
  const request = requestOf(attempt);
  if (!request || content === undefined) return;
  await attempt.ctx.database
    .write([keepContent(request, content)])
    .catch((cause) => logWarning("a response was not stored for its Idempotency-Key", cause));
}

/** Error codes that depend only on the request's content. */
const ERRORS_OF_CONTENT: ReadonlySet<ErrorCode> = new Set(["BAD_REQUEST", "NOT_FOUND", "VALIDATION_ERROR"]);

/**
 * Plans a refused request again, at the time of the earlier request that it repeats: a date that was in the future
 * then may be in the past now. Returns that plan, or the error, which is a conflict if the key was used for another
 * request.
 */
export async function planAsEarlier<T>(
  attempt: Attempt<T>,
  error: AppError,
): Promise<FencedPlan<T> | AppError> {
  const request = requestOf(attempt);
  if (!request || !ERRORS_OF_CONTENT.has(error.code)) return error;
  const found = await findEarlier(attempt, request);
  const earlier = found.held ? found.value : undefined;
  if (!earlier || isExpired(earlier, attempt.ctx.now)) return error;
  return conflictWith(earlier, request, attempt) ?? planOrError(attempt, earlier.createdAt);
}

/** Returns the response of the earlier request that claimed the key. Throws IDEMPOTENCY_CONFLICT. */
export async function replay<T>(attempt: Attempt<T>, planned: Replay<T>): Promise<Outcome<T>> {
  const { idempotency } = attempt.ctx;
  const request = requestOf(attempt);
  if (!request || !idempotency || idempotency instanceof AppError)
    throw new Error("a request without a key was claimed");
  const found = await findEarlier(attempt, request);
  if (!found.held) return found;
  const earlier = found.value;
  if (!earlier) throw idempotencyConflict("is still in use");
  const conflict = conflictWith(earlier, request, attempt);
  if (conflict) throw conflict;
  idempotency.isReplayed = true;
  const asThen = planOrError(attempt, earlier.createdAt);
  const { rebuild } = replayIn(asThen) ?? planned;
  return { held: true, value: rebuild(earlier) };
}

function replayIn<T>(plan: FencedPlan<T> | AppError): Replay<T> | undefined {
  return plan instanceof AppError || plan.kind === "READ" || plan.kind === "PAGE" ? undefined : plan.replay;
}

async function findEarlier(
  attempt: Attempt<unknown>,
  request: OwnRequest,
): Promise<Outcome<EarlierRequest | undefined>> {
  const stored = prepare(findStored(request));
  try {
    return await read(attempt, {
      kind: "READ",
      statements: [stored.statement],
      shape: ([rows]) => toEarlierRequest(stored.decode(rows)),
    });
  } catch (failure) {
    if (!(failure instanceof ResponseTooLarge)) throw failure;
    return { held: true, value: await findInParts(attempt.ctx.platform, request) };
  }
}

/** Why the earlier request's response is not valid for this one; undefined if it was the same request. */
function conflictWith(
  { fingerprint, schemaVersion }: EarlierRequest,
  request: OwnRequest,
  { belief }: Attempt<unknown>,
): AppError | undefined {
  const expected = withRules(request, belief).fingerprint;
  if (fingerprint.split(RULES)[0] !== request.fingerprint) return usedForAnother();
  if (fingerprint !== expected) return idempotencyConflict("was used before your access was changed");
  const isSameSchema = schemaVersion === belief.view.workspace.schemaVersion;
  return isSameSchema ? undefined : alreadyDone("was used before the schema was changed");
}

/** Deletes requests that can no longer be replayed. Throws SERVICE_UNAVAILABLE. */
export async function forgetOldRequests({
  database,
  now,
}: Pick<FenceContext, "database" | "now">): Promise<void> {
  await removeInChunks(database, (limit) => expireStatement(now, limit));
}
