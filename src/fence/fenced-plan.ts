import type { Need } from "../model/access-mode.ts";
import type { PlanningView } from "../model/workspace.ts";
import type { Compiled } from "../query/sql/compiled.ts";
import type { EachPlan, SinglePlan, WritePlan } from "../write/plan/write-plan.ts";
import type { Belief, Facts } from "./facts.ts";
import type { FenceContext } from "./fence-context.ts";

/** How to run a request: `READ`, `PAGE`, `WRITE`, `SINGLE` or `EACH`, by `kind`. */
export type FencedPlan<T> = Compiled<T> | WritePlan<T> | SinglePlan<T> | EachPlan<T>;

export interface FencedWork<T> {
  readonly need: Need;
  /** Pure. Its errors reach the client only if the fence finds none that comes first. */
  plan(view: PlanningView): FencedPlan<T>;
}

/** One attempt to run a request on a belief. */
export interface Attempt<T> {
  readonly ctx: FenceContext;
  readonly belief: Belief;
  readonly work: FencedWork<T>;
}

/** The result if the belief was true; otherwise the facts, as far as they are known. */
export type Outcome<T> =
  | { readonly held: true; readonly value: T }
  | { readonly held: false; readonly facts: Facts | undefined };
