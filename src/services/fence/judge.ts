import type { Belief, Facts } from "../../db/fence.ts";
import { AppError } from "../../errors/app-error.ts";
import { addressNotAllowed, expiredApiKey, invalidApiKey, readOnlyApiKey } from "../../errors/failures.ts";
import { isAllowedInMode, type Need, ruleOfMode } from "../../model/access-mode.ts";
import { isInRanges } from "../../model/address-range.ts";
import type { ServiceContext } from "../context.ts";

interface Judged {
  readonly need: Need;
  readonly now: Date;
  readonly clientAddress: ServiceContext["clientAddress"];
  /** What planning has found to refuse; only what comes before the access mode is raised here. */
  readonly refusal?: AppError | undefined;
}

/**
 * Whether a belief holds against the facts. Refusals are raised from the facts alone, in the contract's order:
 * 401, then 403, then 409. `STALE`: nothing is refused, but the request was planned on something that has changed.
 */
export function judge(facts: Facts | undefined, belief: Belief, judged: Judged): "HOLDS" | "STALE" {
  const { actor, view } = belief;
  const { need, refusal } = judged;
  if (actor.kind === "KEY") judgeKey(facts?.key, judged);
  if (!facts || facts.workspaceId !== view.workspace.id) return "STALE";
  const isSameKey = actor.kind === "ADMIN" || actor.key.version === facts.key?.version;
  const isCurrent = isSameKey && facts.revision === view.workspace.revision;
  if (refusal?.code === "FORBIDDEN") {
    if (isCurrent) throw refusal;
    return "STALE";
  }
  if (!isAllowedInMode(need, facts.accessMode)) {
    throw new AppError("WORKSPACE_STATUS", ruleOfMode[facts.accessMode].refusal);
  }
  if (facts.isMigrating && (need === "WRITE" || need === "SCHEMA")) return "STALE";
  return isCurrent ? "HOLDS" : "STALE";
}

/** Throws UNAUTHORIZED, FORBIDDEN. */
export function judgeKey(key: Facts["key"], { need, now, clientAddress }: Omit<Judged, "refusal">): void {
  if (!key || key.revokedAt !== null) throw invalidApiKey();
  if (isOver(key.validUntil, now)) throw invalidApiKey();
  if (isOver(key.expiresAt, now)) throw expiredApiKey();
  if (need !== "READ" && key.permission === "READ_ONLY") throw readOnlyApiKey();
  if (key.allowedIps && !isInRanges(clientAddress(), key.allowedIps)) throw addressNotAllowed();
}

const isOver = (end: string | null, now: Date) => end !== null && end <= now.toISOString();
