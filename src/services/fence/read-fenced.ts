import {
  type Belief,
  canReadWithFacts,
  decodeFacts,
  type Facts,
  factsStatement,
  factsWithPage,
  splitPage,
} from "../../db/fence.ts";
import type { AppError } from "../../errors/app-error.ts";
import { AnswerTooLarge } from "../../errors/failures.ts";
import type { Rows } from "../../libsql/database.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Need } from "../../model/access-mode.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan } from "./fenced-plan.ts";
import { judge } from "./judge.ts";

/** Whether what was planned on still held; else what has changed, as far as it is known. */
export type Outcome<T> =
  | { readonly held: true; readonly value: T }
  | { readonly held: false; readonly facts: Facts | undefined };

type Reading<T> = { readonly need: Need; readonly plan?: FencedPlan<T>; readonly refusal?: AppError };

/** Reads what was planned with the facts it was planned on, and judges those first. Throws what they refuse, then `refusal`. */
export async function readFenced<T>(
  ctx: WorkspaceContext,
  belief: Belief,
  reading: Reading<T>,
): Promise<Outcome<T>> {
  const { need, plan, refusal } = reading;
  const judged = { need, now: ctx.now, clientAddress: ctx.clientAddress, refusal };
  let results: readonly Rows[];
  try {
    results = await readWithFacts(ctx, belief, plan);
  } catch (failure) {
    const isSql = failure instanceof SqlFailure;
    if (!plan || !(isSql || failure instanceof AnswerTooLarge)) throw failure;
    const facts = await readFacts(ctx, belief, need);
    if (judge(facts, belief, judged) === "STALE") return { held: false, facts };
    throw (isSql && (await plan.explain?.(failure))) || failure;
  }
  const facts = decodeFacts(results[0] ?? []);
  if (judge(facts, belief, judged) === "STALE") return { held: false, facts };
  if (refusal || !plan) throw refusal;
  return { held: true, value: plan.shape(results.slice(1)) };
}

/** Rows of the facts, then of each of the plan's statements. */
async function readWithFacts(
  { database }: WorkspaceContext,
  belief: Belief,
  plan: FencedPlan<unknown> | undefined,
): Promise<readonly Rows[]> {
  const { statements = [], isPage } = plan ?? {};
  const [page, value] = statements;
  if (page && isPage && canReadWithFacts(page, value))
    return splitPage(await database.run(factsWithPage(belief, page, value)));
  return database.read([factsStatement(belief), ...statements]);
}

/** The facts after a fence failed; throws the refusal when that is why. */
export async function readFacts(
  ctx: WorkspaceContext,
  belief: Belief,
  need: Need,
): Promise<Facts | undefined> {
  const [rows] = await ctx.database.read([factsStatement(belief)]);
  const facts = decodeFacts(rows ?? []);
  judge(facts, belief, { need, now: ctx.now, clientAddress: ctx.clientAddress });
  return facts;
}
