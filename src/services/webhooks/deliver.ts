import { rememberedView } from "../../db/catalog-store.ts";
import { findDue } from "../../db/webhook-queue.ts";
import { currentMillis, pause } from "../../lib/clock.ts";
import { logWarning } from "../../lib/logger.ts";
import { type WebhookCoverage, webhooksTouchedBy } from "../../model/webhook.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import type { ServiceContext } from "../context.ts";
import { deliverToWebhook, type Run } from "./deliver-to-webhook.ts";

/** A request may continue for 30 s after its response, and an attempt that starts at the end takes 15 s. */
const RUN_AFTER_WRITE_MS = 12_000;
/** Less than a minute including the last attempts, so that scheduled runs hardly overlap. */
const SCHEDULED_RUN_MS = 40_000;
/**
 * A Worker may make 10,000 per invocation, including other tasks: developers.cloudflare.com/workers/platform/limits.
 */
const REQUESTS_PER_RUN = 5_000;
const WEBHOOKS_PER_RUN = 100;

interface Delivering {
  readonly deadline: number;
  isAskedAgain: boolean;
}

/** Webhooks that this isolate is delivering to. A write meanwhile only asks for another look. */
const delivering = new Map<string, Delivering>();
/** Webhooks that this isolate will soon retry, and when. */
const retries = new Map<string, number>();

const newRun = (durationMs: number): Run => ({
  deadline: currentMillis() + durationMs,
  requestsLeft: REQUESTS_PER_RUN,
});

/** The written entity, or any entity of the workspace if absent. */
export interface WrittenEntity {
  readonly address: WorkspaceAddress;
  readonly entity?: string | undefined;
}

/**
 * Delivers the events of a write at once. Returns undefined, at no cost, if no webhook listens in the view that the
 * write was planned on. Never throws: the scheduled run delivers the rest.
 */
export function deliverAfterWrite(
  { address, entity }: WrittenEntity,
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
    await Promise.all(webhooks.map(({ id }) => startDelivering(ctx, id, run)));
  } catch (failure) {
    logWarning("webhooks wait for the scheduled run", failure);
  }
}

/** Sends due deliveries of one webhook at once. Never throws. */
export async function deliverFor(ctx: ServiceContext, webhookId: string): Promise<void> {
  await startDelivering(ctx, webhookId, newRun(RUN_AFTER_WRITE_MS));
}

/**
 * Sends due deliveries of all workspaces, to all webhooks at once, so that none waits for another. Throws
 * SERVICE_UNAVAILABLE.
 */
export async function deliverDue(ctx: ServiceContext): Promise<void> {
  const run = newRun(SCHEDULED_RUN_MS);
  run.requestsLeft--;
  const [due] = await ctx.platform.readBatch([findDue(WEBHOOKS_PER_RUN)]);
  await Promise.all(due.map(({ id }) => startDelivering(ctx, id, run)));
}

/** Delivers to a webhook, and again for the first retry if that is soon. */
async function startDelivering(ctx: ServiceContext, webhookId: string, run: Run): Promise<void> {
  const running = delivering.get(webhookId);
  if (running && currentMillis() < running.deadline) {
    running.isAskedAgain = true;
    return;
  }
  const retryAfterSeconds = await keepDelivering(ctx, webhookId, run);
  if (retryAfterSeconds === undefined) return;
  const retryAt = currentMillis() + retryAfterSeconds * 1000 + CLOCK_STEP_MS;
  if (retryAt >= run.deadline || (retries.get(webhookId) ?? 0) > currentMillis()) return;
  retries.set(webhookId, retryAt);
  await pause(retryAt - currentMillis());
  retries.delete(webhookId);
  await startDelivering(ctx, webhookId, run);
}

/** The database's times are cut to milliseconds. */
const CLOCK_STEP_MS = 2;

/** Resolves with the seconds until the next retry, if there is one. */
async function keepDelivering(ctx: ServiceContext, webhookId: string, run: Run): Promise<number | undefined> {
  const own: Delivering = { deadline: run.deadline, isAskedAgain: false };
  delivering.set(webhookId, own);
  let retryAfterSeconds: number | undefined;
  try {
    for (;;) {
      own.isAskedAgain = false;
      const result = await deliverToWebhook(ctx, webhookId, run);
      retryAfterSeconds = result.retryAfterSeconds ?? retryAfterSeconds;
      if (result.isFailing || !own.isAskedAgain || currentMillis() >= run.deadline) return retryAfterSeconds;
    }
  } catch (failure) {
    logWarning("deliveries of a webhook wait for the scheduled run", failure);
    return undefined;
  } finally {
    if (delivering.get(webhookId) === own) delivering.delete(webhookId);
  }
}
