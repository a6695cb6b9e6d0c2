import {
  addressNotAllowed,
  expiredApiKey,
  expiredToken,
  invalidApiKey,
  invalidToken,
  mcpDisabled,
  mcpReadOnly,
  noRole,
  originNotAllowed,
  readOnly,
} from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import type { Access } from "../model/access.ts";
import { isAllowedInMode, type Need, ruleOfMode } from "../model/access-mode.ts";
import type { Actor, User } from "../model/actor.ts";
import { isInRanges } from "../model/addresses/address-range.ts";
import { isAllowedOrigin } from "../model/addresses/origin.ts";
import type { UserToken } from "../model/api-key.ts";
import type { Belief, Facts } from "./facts.ts";

/*
 * Decides who may do what now. Reads, writes and rate limits all ask here, with the facts or with the belief. The
 * database repeats the part that a write cannot wait for (drizzle/0006, 0012); test/unit/fence/write-fence.test.ts
 * compares the two.
 */

/** The caller, the address, the request's need, and the belief. */
export interface Asking {
  readonly ctx: Caller;
  readonly belief: Belief;
  readonly work: { readonly need: Need };
}

interface Caller {
  readonly now: Date;
  readonly mcp?: { readonly origin: string | undefined };
  clientAddress(): string | undefined;
}

/**
 * Decides whether a request that was planned on a belief may run. Throws the errors that follow from the facts, in
 * the contract's order: 401, 403, 409. An error of planning is thrown if it comes before a 409.
 * Returns `STALE` if nothing is refused but the facts differ from the belief.
 */
export function admit(facts: Facts | undefined, asking: Asking, planning?: AppError): "HOLDS" | "STALE" {
  const { ctx, belief, work } = asking;
  if (belief.actor.kind === "KEY") admitKey(facts?.key, ctx, work.need);
  if (belief.actor.kind === "TOKEN") admitToken(facts?.key, belief.actor.token, { ctx, need: work.need });
  if (belief.actor.kind === "USER") admitUser(facts, belief.actor.user);
  if (!facts || !isCurrent(facts, belief)) return "STALE";
  admitMcp(asking);
  if (planning && comesFirst(planning)) throw planning;
  if (!isAllowedInMode(work.need, facts.accessMode))
    throw new AppError("WORKSPACE_STATUS", ruleOfMode[facts.accessMode].message);
  return facts.isMigrating && (work.need === "WRITE" || work.need === "SCHEMA") ? "STALE" : "HOLDS";
}

const UNREVOKED = { revokedAt: null, validUntil: null, revokedBefore: null };

/** Decides with the belief only, up to 403, before a statement is sent. */
export function admitCaller(asking: Asking): void {
  const { ctx, belief, work } = asking;
  const { actor } = belief;
  if (actor.kind === "KEY") admitKey({ ...actor.key, ...UNREVOKED }, ctx, work.need);
  if (actor.kind === "TOKEN")
    admitToken({ ...actor.key, ...UNREVOKED }, actor.token, { ctx, need: work.need });
  if (actor.kind === "USER" || actor.kind === "ANONYMOUS") admitRole(actor, work.need);
  admitMcp(asking);
}

/** Whether an error concerns the caller, so that nothing else may be revealed. */
export const comesFirst = ({ code }: AppError): boolean => code === "UNAUTHORIZED" || code === "FORBIDDEN";

type KeyStanding = Omit<
  NonNullable<Facts["key"]>,
  "version" | "scopes" | "mayWriteTimestamps" | "mayMintTokens"
>;

function admitKey(key: KeyStanding | undefined, { now, clientAddress }: Caller, need: Need): void {
  if (!key || key.revokedAt !== null) throw invalidApiKey();
  if (isOver(key.validUntil, now)) throw invalidApiKey();
  if (isOver(key.expiresAt, now)) throw expiredApiKey();
  admitPermission(key, need);
  if (key.allowedIps && !isInRanges(clientAddress(), key.allowedIps)) throw addressNotAllowed();
}

/** A token ends with its key. `allowedIps` apply to the key only: users are not where their backend is. */
function admitToken(
  key: KeyStanding | undefined,
  { issuedAt }: UserToken,
  { ctx, need }: { readonly ctx: Pick<Caller, "now">; readonly need: Need },
): void {
  if (!key || key.revokedAt !== null) throw invalidToken();
  if (key.revokedBefore !== null && issuedAt.toISOString() <= key.revokedBefore) throw invalidToken();
  if (isOver(key.expiresAt, ctx.now)) throw expiredToken();
  admitPermission(key, need);
}

/** The workspace's revision covers issuers and roles, so only the revocation is left to check. */
function admitUser(facts: Facts | undefined, { issuedAt }: User): void {
  const revokedBefore = facts?.revokedBefore ?? null;
  if (revokedBefore !== null && issuedAt.toISOString() <= revokedBefore) throw invalidToken();
}

function admitRole({ kind, role }: Actor & { kind: "USER" | "ANONYMOUS" }, need: Need): void {
  if (!role) throw kind === "USER" ? noRole() : invalidApiKey();
  admitPermission(role, need, "USER");
}

/** Revoking tokens changes no data. */
function admitPermission(
  { permission }: Pick<KeyStanding, "permission">,
  need: Need,
  who: Access["who"] = "KEY",
): void {
  if (need !== "READ" && need !== "MANAGE" && permission === "READ_ONLY") throw readOnly(who);
}

const isOver = (end: string | null, now: Date) => end !== null && end <= now.toISOString();

function admitMcp({ ctx, belief, work }: Asking): void {
  if (!ctx.mcp) return;
  const { mcpMode, corsAllowedOrigins: origins } = belief.view.workspace;
  const { origin } = ctx.mcp;
  if (origin !== undefined && origins && origins.length > 0 && !isAllowedOrigin(origin, origins))
    throw originNotAllowed();
  if (mcpMode === "DISABLED") throw mcpDisabled();
  if (mcpMode === "READ_ONLY" && work.need !== "READ") throw mcpReadOnly();
}

function isCurrent(facts: Facts, { actor, view: { workspace } }: Belief): boolean {
  const isSameKey = !("key" in actor) || actor.key.version === facts.key?.version;
  return isSameKey && facts.workspaceId === workspace.id && facts.revision === workspace.revision;
}
