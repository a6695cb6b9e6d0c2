import { findWorkspaceView, forgetWorkspaceView } from "../../db/catalog-store.ts";
import { type Belief, type Facts, fenceCondition, guardStatement } from "../../db/fence.ts";
import {
  claimKeyStatements,
  findKept,
  type IdempotentRequest,
  isExpired,
  type KeptRequest,
} from "../../db/idempotency.ts";
import { AppError } from "../../errors/app-error.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import {
  addressNotAllowed,
  foreignApiKey,
  idempotencyConflict,
  mcpDisabled,
  mcpReadOnly,
  readOnlyApiKey,
  schemaMigrationInProgress,
  usedForAnother,
  writtenTooLarge,
} from "../../errors/failures.ts";
import { pause } from "../../lib/clock.ts";
import type { Rows } from "../../libsql/database.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { accessOf } from "../../model/access.ts";
import { isInRanges } from "../../model/address-range.ts";
import type { Actor } from "../../model/api-key.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { MAX_WRITTEN_LENGTH } from "../../query/limits.ts";
import { onlyIf } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan, FencedWork, IndependentPlan, SingleWrite } from "./fenced-plan.ts";
import { limitRate } from "./limit-rate.ts";
import { type Outcome, readFacts, readFenced } from "./read-fenced.ts";
import { workspaceMissing } from "./workspace-missing.ts";

/** A schema that changes faster than this many tries is being migrated. */
const MAX_ATTEMPTS = 4;
/** Before the second try while another request changes the schema; doubles with each. */
const PAUSE_MS = 50;

/**
 * Runs a request that was planned on caches in one round trip, and only if everything it was planned on still holds
 * inside the very transaction; plans again on what has changed.
 * Throws the fence's refusals (401, 403, 409), then what `plan` and `explain` throw.
 */
export async function runFenced<T>(ctx: WorkspaceContext, work: FencedWork<T>): Promise<T> {
  let belief: Belief = { actor: ctx.actor, view: await resolveView(ctx) };
  await limitRate(ctx, belief, { need: work.need, plan: () => planOrRefuse(ctx, work, belief) });
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptWork(ctx, work, belief);
    if (outcome.held) return outcome.value;
    if (attempt === MAX_ATTEMPTS) throw schemaMigrationInProgress();
    if (outcome.facts?.isMigrating) await pause(PAUSE_MS * 2 ** (attempt - 1));
    belief = await refreshBelief(ctx, belief, outcome.facts);
  }
}

async function attemptWork<T>(
  ctx: WorkspaceContext,
  work: FencedWork<T>,
  belief: Belief,
): Promise<Outcome<T>> {
  const { need } = work;
  let plan = planOrRefuse(ctx, work, belief);
  if (plan instanceof AppError && REFUSED_CONTENT.has(plan.code)) {
    plan = (await recallEarlier(ctx, belief)) ?? planOrRefuse(ctx, work, belief);
  }
  if (plan instanceof AppError) return readFenced(ctx, belief, { need, refusal: plan });
  if ("statements" in plan && need === "READ") return readFenced(ctx, belief, { need, plan });
  if ("single" in plan && plan.single && belief.actor.kind === "KEY")
    return writeSingle(ctx, belief, { plan, single: plan.single });
  const claim = claimOf(ctx, belief);
  try {
    const guards = [guardStatement(belief, need, ctx.now), ...(claim ?? [])];
    return { held: true, value: await writeFenced(ctx, plan, guards) };
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    if (failure.index === GUARD && failure.hasRaised("FENCE")) {
      return { held: false, facts: await readFacts(ctx, belief, need) };
    }
    if (claim && failure.index === CLAIM)
      return { held: true, value: await replayEarlier(ctx, belief, { work, plan }) };
    throw failure;
  }
}

/** Of refusals that are about what was sent, which is another request when the Idempotency-Key was used before. */
const REFUSED_CONTENT: ReadonlySet<ErrorCode> = new Set(["BAD_REQUEST", "NOT_FOUND", "VALIDATION_ERROR"]);

/** Positions among the guards of a writing batch. */
const GUARD = 0;
const CLAIM = 2;

function claimOf({ idempotency }: WorkspaceContext, { view }: Belief): readonly Statement[] | undefined {
  if (!idempotency || idempotency instanceof AppError) return undefined;
  return claimKeyStatements(idempotency.request, view.workspace.schemaVersion);
}

async function writeFenced<T>(
  { database }: WorkspaceContext,
  plan: FencedPlan<T> | IndependentPlan<T>,
  guards: readonly Statement[],
): Promise<T> {
  if ("independent" in plan) return plan.conclude(await database.writeEach(guards, plan.independent));
  try {
    const results = await database.write([...guards, ...plan.statements], plan.timeoutMs);
    return plan.shape(results.slice(guards.length));
  } catch (failure) {
    if (!(failure instanceof SqlFailure) || failure.index < guards.length) throw failure;
    const own = new SqlFailure(failure.index - guards.length, failure.code, failure.message);
    throw (await plan.explain?.(own)) ?? failure;
  }
}

interface ConditionalWrite<T> {
  readonly plan: FencedPlan<T>;
  readonly single: SingleWrite;
}

/**
 * A write without a transaction around it: the statement itself holds the fence. Why it was not done is asked afterwards;
 * one that failed may name what the schema no longer has, which the database finds before it looks at the condition.
 */
async function writeSingle<T>(
  ctx: WorkspaceContext,
  belief: Belief,
  { plan, single: { statement, requires } }: ConditionalWrite<T>,
): Promise<Outcome<T>> {
  let rows: Rows = [];
  let failure: unknown;
  try {
    rows = await ctx.database.run(onlyIf(statement, fenceCondition(belief, ctx.now)));
  } catch (thrown) {
    const explained = thrown instanceof SqlFailure ? await plan.explain?.(thrown) : thrown;
    if (explained) throw explained;
    failure = thrown;
  }
  if (rows.length > 0) return { held: true, value: plan.shape([...requires.map(() => []), rows]) };
  const reason: FencedPlan<void> = {
    statements: requires.map(({ query }) => query),
    shape(found) {
      const missing = requires.find((_, i) => found[i]?.length === 0);
      if (failure || missing) throw failure ?? missing?.otherwise();
    },
  };
  const asked = await readFenced(ctx, belief, { need: "WRITE", plan: reason });
  return asked.held ? { held: false, facts: undefined } : asked;
}

/**
 * Why an earlier request with the same key has no answer for this one. None if it was the same: what was right then, such
 * as a date in the future, may be wrong by now, and its answer is to be given all the same. From here on it is planned as
 * of then.
 */
async function recallEarlier(
  { database, idempotency, now }: WorkspaceContext,
  belief: Belief,
): Promise<AppError | undefined> {
  if (!idempotency || idempotency instanceof AppError) return undefined;
  const kept = await findKept(database, idempotency.request);
  if (!kept || isExpired(kept, now)) return undefined;
  const conflict = conflictWith(kept, idempotency.request, belief);
  if (!conflict) idempotency.asOf = kept.createdAt;
  return conflict;
}

function conflictWith(
  { fingerprint, schemaVersion }: KeptRequest,
  request: IdempotentRequest,
  { view }: Belief,
): AppError | undefined {
  if (fingerprint !== request.fingerprint) return usedForAnother();
  const isSameSchema = schemaVersion === view.workspace.schemaVersion;
  return isSameSchema ? undefined : idempotencyConflict("was used before the schema was changed");
}

/** The answer that an earlier request with the same key was given. Throws IDEMPOTENCY_CONFLICT. */
async function replayEarlier<T>(
  ctx: WorkspaceContext,
  belief: Belief,
  { work, plan }: { readonly work: FencedWork<T>; readonly plan: FencedPlan<T> | IndependentPlan<T> },
): Promise<T> {
  const { database, idempotency } = ctx;
  if (!idempotency || idempotency instanceof AppError) throw new Error("a request without a key was claimed");
  const kept = await findKept(database, idempotency.request);
  if (!kept || !plan.replay) throw idempotencyConflict("is still in use");
  const conflict = conflictWith(kept, idempotency.request, belief);
  if (conflict) throw conflict;
  idempotency.isReplayed = true;
  idempotency.asOf = kept.createdAt;
  const asThen = planOrRefuse(ctx, work, belief);
  const { replay = plan.replay } = asThen instanceof AppError ? plan : asThen;
  return replay(kept);
}

function planOrRefuse<T>(
  { idempotency, clientAddress, isMcp = false }: WorkspaceContext,
  work: FencedWork<T>,
  { actor, view }: Belief,
): ReturnType<FencedWork<T>["plan"]> | AppError {
  if (work.need !== "READ" && actor.kind === "KEY" && actor.key.permission === "READ_ONLY")
    return readOnlyApiKey();
  const ranges = actor.kind === "KEY" && actor.key.allowedIps;
  if (ranges && !isInRanges(clientAddress(), ranges)) return addressNotAllowed();
  const { mcpMode } = view.workspace;
  if (isMcp && mcpMode === "DISABLED") return mcpDisabled();
  if (isMcp && mcpMode === "READ_ONLY" && work.need !== "READ") return mcpReadOnly();
  try {
    const plan = work.plan({ ...view, access: accessOf(actor) });
    if (work.need !== "READ" && textLengthOf(plan) > MAX_WRITTEN_LENGTH) throw writtenTooLarge();
    return idempotency instanceof AppError ? idempotency : plan;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const comesFirst = thrown.code === "FORBIDDEN" || thrown.code === "NOT_FOUND";
    return idempotency instanceof AppError && !comesFirst ? idempotency : thrown;
  }
}

/** Defaults, and references of a transaction, write more than was sent. */
function textLengthOf(plan: FencedPlan<unknown> | IndependentPlan<unknown>): number {
  const statements =
    "independent" in plan ? plan.independent.map(({ statement }) => statement) : plan.statements;
  let length = 0;
  for (const { args } of statements)
    for (const arg of args) if (typeof arg === "string") length += arg.length;
  return length;
}

async function refreshBelief(
  ctx: WorkspaceContext,
  belief: Belief,
  facts: Facts | undefined,
): Promise<Belief> {
  const { workspace } = belief.view;
  const isSameView = facts?.workspaceId === workspace.id && facts.revision === workspace.revision;
  if (!isSameView) forgetWorkspaceView(ctx.address);
  const actor = refreshActor(ctx, belief.actor, facts);
  const view = isSameView ? belief.view : await resolveView(ctx);
  if (facts?.key && facts.workspaceId !== view.workspace.id) throw foreignApiKey();
  return { actor, view };
}

function refreshActor(ctx: WorkspaceContext, actor: Actor, facts: Facts | undefined): Actor {
  if (actor.kind === "ADMIN" || !facts?.key) return actor;
  const { version, permission, expiresAt, scopes, allowedIps } = facts.key;
  const key = { ...actor.key, version, permission, expiresAt, scopes, allowedIps };
  ctx.apiKeys.remember(actor.secretHash, key);
  return { ...actor, key };
}

async function resolveView(ctx: WorkspaceContext): Promise<WorkspaceView> {
  const view = await findWorkspaceView(ctx.platform, ctx.address);
  if (view) return view;
  if (ctx.actor.kind === "KEY") throw foreignApiKey();
  throw await workspaceMissing(ctx);
}
