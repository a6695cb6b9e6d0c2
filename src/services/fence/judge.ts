import type { Belief, Facts } from "../../db/fence.ts";
import { AppError } from "../../errors/app-error.ts";
import { expiredApiKey, invalidApiKey, readOnlyApiKey } from "../../errors/failures.ts";
import { isAllowedInMode, type Need, ruleOfMode } from "../../model/access-mode.ts";

/**
 * Whether a belief holds against the facts. Refusals are raised from the facts alone, in the contract's order:
 * 401, then 403, then 409. `STALE`: nothing is refused, but the request was planned on something that has changed.
 */
export function judge(facts: Facts | undefined, belief: Belief, { need, now }: { need: Need; now: Date }) {
  const { actor, view } = belief;
  if (actor.kind === "KEY") judgeKey(facts?.key, need, now.toISOString());
  if (!facts || facts.workspaceId !== view.workspace.id) return "STALE";
  if (!isAllowedInMode(need, facts.accessMode)) {
    throw new AppError("WORKSPACE_STATUS", ruleOfMode[facts.accessMode].refusal);
  }
  if (facts.isMigrating && (need === "WRITE" || need === "SCHEMA")) return "STALE";
  const isSameKey = actor.kind === "ADMIN" || actor.key.version === facts.key?.version;
  return isSameKey && facts.revision === view.workspace.revision ? "HOLDS" : "STALE";
}

function judgeKey(key: Facts["key"], need: Need, now: string): void {
  if (!key || key.revokedAt !== null) throw invalidApiKey();
  if (key.validUntil !== null && key.validUntil <= now) throw invalidApiKey();
  if (key.expiresAt !== null && key.expiresAt <= now) throw expiredApiKey();
  if (need !== "READ" && key.permission === "READ_ONLY") throw readOnlyApiKey();
}
