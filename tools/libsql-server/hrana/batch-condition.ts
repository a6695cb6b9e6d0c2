import type { Connection } from "../engine/connection.ts";
import type { BatchCond } from "./protocol.ts";

export type BatchOutcome = "ok" | "error" | "skipped";

/** Evaluates a step's condition. A skipped step counts as one in error, as on sqld. */
export function isConditionMet(
  cond: BatchCond,
  state: {
    readonly outcomes: readonly BatchOutcome[];
    readonly connection: Pick<Connection, "isAutocommit">;
  },
): boolean {
  switch (cond.type) {
    case "ok":
      return state.outcomes[cond.step] === "ok";
    case "error":
      return state.outcomes[cond.step] !== "ok";
    case "not":
      return !isConditionMet(cond.cond, state);
    case "and":
      return cond.conds.every((inner) => isConditionMet(inner, state));
    case "or":
      return cond.conds.some((inner) => isConditionMet(inner, state));
    case "is_autocommit":
      return state.connection.isAutocommit;
  }
}
