import { rememberedView } from "../../db/catalog-store.ts";
import { findDueStatement } from "../../db/webhook-queue.ts";
import { currentMillis, pause } from "../../lib/clock.ts";
import { logWarning } from "../../lib/logger.ts";
import { type WebhookCoverage, webhooksTouchedBy } from "../../model/webhook.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import type { ServiceContext } from "../context.ts";
import { type Run, runLane } from "./run-lane.ts";

/** After its response a request may go on for 30 s; an attempt that begins at the last moment takes 15 s. */
const RUN_AFTER_WRITE_MS = 12_000;
/** Less than a minute with the last attempts, so that scheduled runs hardly overlap. */
const SCHEDULED_RUN_MS = 40_000;
/** A Worker may make 10,000 an invocation, other works' among them: developers.cloudflare.com/workers/platform/limits. */
const REQUESTS_PER_RUN = 5_000;
const LANES_PER_RUN = 100;

interface Lane {
  readonly deadline: number;
  isAskedAgain: boolean;
}

/** Webhooks that this isolate is delivering for: a write that comes meanwhile only asks its lane to look again. */
const lanes = new Map<string, Lane>();
/** Webhooks that this isolate will soon try again, and until when that is sure. */
const retries = new Map<string, number>();

const newRun = (durationMs: number): Run => ({
  deadline: currentMillis() + durationMs,
  requestsLeft: REQUESTS_PER_RUN,
});

/** Where was written; without an entity, anywhere in the workspace. */
export interface Written {
  readonly address: WorkspaceAddress;
  readonly entity?: string | undefined;
}

/**
 * Delivers what a write may have caused, at once; undefined, and at no cost, when no webhook listens to what the isolate
 * has just planned the write on. Never throws: what is not delivered now, the scheduled run delivers.
 */
export function deliverAfterWrite(
  { address, entity }: Written,
  openServices: () => ServiceContext,
): Promise<void> | undefined {
  const view = rememberedView(address);
  if (!view) return undefined;
  const { webhooks, catalog } = view;
  const touched = entity === undefined ? webhooks : webhooksTouchedBy(webhooks, catalog, entity);
  const enabled = touched.filter(({ enabled }) => enabled);
  return enabled.length === 0 ? undefined : deliverForAll(enabled, openServices());
}

async function deliverForAll(webhooks: readonly WebhookCoverage[], ctx: ServiceContext): Promise<void> {
  try {
    const run = newRun(RUN_AFTER_WRITE_MS);
    await Promise.all(webhooks.map(({ id }) => startLane(ctx, id, run)));
  } catch (failure) {
    logWarning("webhooks wait for the scheduled run", failure);
  }
}

/** Delivers what is due of one webhook, at once. Never throws. */
export async function deliverFor(ctx: ServiceContext, webhookId: string): Promise<void> {
  await startLane(ctx, webhookId, newRun(RUN_AFTER_WRITE_MS));
}

/** Delivers what is due of all workspaces, a lane a webhook, so that none waits for another. Throws SERVICE_UNAVAILABLE. */
export async function deliverDue(ctx: ServiceContext): Promise<void> {
  const run = newRun(SCHEDULED_RUN_MS);
  run.requestsLeft--;
  const [due = []] = await ctx.database.read([findDueStatement(LANES_PER_RUN)]);
  await Promise.all(due.map(([id]) => startLane(ctx, String(id), run)));
}

/** Runs a lane, and again for the first retry when that is near. */
async function startLane(ctx: ServiceContext, webhookId: string, run: Run): Promise<void> {
  const running = lanes.get(webhookId);
  if (running && currentMillis() < running.deadline) {
    running.isAskedAgain = true;
    return;
  }
  const retryAfterSeconds = await keepLane(ctx, webhookId, run);
  if (retryAfterSeconds === undefined) return;
  const retryAt = currentMillis() + retryAfterSeconds * 1000 + CLOCK_STEP_MS;
  if (retryAt >= run.deadline || (retries.get(webhookId) ?? 0) > currentMillis()) return;
  retries.set(webhookId, retryAt);
  await pause(retryAt - currentMillis());
  retries.delete(webhookId);
  await startLane(ctx, webhookId, run);
}

/** The database's times are cut to milliseconds. */
const CLOCK_STEP_MS = 2;

/** Resolves with the seconds until the next retry, if there is one. */
async function keepLane(ctx: ServiceContext, webhookId: string, run: Run): Promise<number | undefined> {
  const lane: Lane = { deadline: run.deadline, isAskedAgain: false };
  lanes.set(webhookId, lane);
  let retryAfterSeconds: number | undefined;
  try {
    for (;;) {
      lane.isAskedAgain = false;
      const result = await runLane(ctx, webhookId, run);
      retryAfterSeconds = result.retryAfterSeconds ?? retryAfterSeconds;
      if (result.isFailing || !lane.isAskedAgain || currentMillis() >= run.deadline) return retryAfterSeconds;
    }
  } catch (failure) {
    logWarning("deliveries of a webhook wait for the scheduled run", failure);
    return undefined;
  } finally {
    if (lanes.get(webhookId) === lane) lanes.delete(webhookId);
  }
}
