import type { Need } from "../model/access-mode.ts";
import type { PlanningView } from "../model/workspace.ts";
import type { Compiled } from "../query/sql/compiled.ts";
import type { EachPlan, SinglePlan, WritePlan } from "../write/plan/write-plan.ts";
import type { Belief, Facts } from "./facts.ts";
import type { FenceContext } from "./fence-context.ts";

/** The ways in which a request can be run: `READ`, `PAGE`, `WRITE`, `SINGLE` or `EACH`, by its `kind`. */
export type FencedPlan<T> = Compiled<T> | WritePlan<T> | SinglePlan<T> | EachPlan<T>;

export interface FencedWork<T> {
  readonly need: Need;
  /** Pure. Its errors reach the client only after the fence has found nothing that comes before them. */
  plan(view: PlanningView): FencedPlan<T>;
}

/** One try to run a request on what is believed. */
export interface Attempt<T> {
  readonly ctx: FenceContext;
  readonly belief: Belief;
  readonly work: FencedWork<T>;
}

/** The result, if the belief held; else the facts, as far as they are known. */
export type Outcome<T> =
  | { readonly held: true; readonly value: T }
  | { readonly held: false; readonly facts: Facts | undefined };
