import {
  type ClaimedDelivery,
  claimDeliveries,
  dropStatement,
  type Report,
  reportStatements,
} from "../../db/webhook-queue.ts";
import { currentMillis } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";
import type { Statement } from "../../model/sql-value.ts";
import { type DeliveryAttempt, postWebhook } from "../../webhooks/post-webhook.ts";
import { judgeAttempt } from "../../webhooks/retry-schedule.ts";
import type { ServiceContext } from "../context.ts";
import { disableWebhook } from "./disable-webhook.ts";
import { needsPreparing, PREPARING_REQUESTS, prepareMessages } from "./prepare-messages.ts";

/** Concurrent deliveries to one webhook, once its endpoint has responded. */
const MAX_WIDTH = 8;
/** After this many failed attempts in a row, an endpoint is left alone for the rest of the run. */
const MAX_FAILURES = 10;
/** Requests to disable a webhook: a read and a write, twice if its workspace has changed meanwhile. */
const DISABLING_REQUESTS = 5;

/** The budget of one invocation of the Worker, for all webhooks together. */
export interface Run {
  /** Nothing starts after this time, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Remaining requests, to endpoints and the database, that are not reserved. */
  requestsLeft: number;
}

export interface DeliveryResult {
  /** Seconds until the first retry of a failed delivery. */
  readonly retryAfterSeconds: number | undefined;
  /** The endpoint is left alone until then. */
  readonly isFailing: boolean;
}

/**
 * Sends due deliveries of one webhook until none are left, the endpoint fails, or the run must end. It starts with one
 * delivery at a time and doubles while all succeed, so a hanging endpoint blocks little. Each database round trip
 * reports finished deliveries and claims the next ones. Throws SERVICE_UNAVAILABLE; unreported deliveries are repeated
 * after their lease.
 */
export async function deliverToWebhook(
  ctx: ServiceContext,
  webhookId: string,
  run: Run,
): Promise<DeliveryResult> {
  let width = 1;
  let failures = 0;
  let retryAfterSeconds: number | undefined;
  let done: readonly Statement[] = [];
  for (;;) {
    const claimed = await exchange(ctx, { webhookId, done, width, run });
    if (claimed.length === 0) return { retryAfterSeconds, isFailing: false };
    if (needsPreparing(claimed)) run.requestsLeft -= PREPARING_REQUESTS;
    const prepared = await prepareMessages(ctx, claimed);
    const dropped = prepared.flatMap(([delivery, body]) => (body === null ? [delivery] : []));
    const sent = prepared.flatMap(([delivery, body]) =>
      body === null ? [] : [attemptDelivery(ctx, delivery, body)],
    );
    const reports = await Promise.all(sent);
    done = [
      ...dropped.map(({ id, token }) => dropStatement(id, token)),
      ...reports.flatMap(reportStatements),
    ];
    const failed = reports.filter(({ status }) => status !== "SUCCEEDED");
    const isGone = reports.some((report) => report.isGone);
    const isSilent = failed.some(({ attempt }) => attempt.statusCode === null);
    const isPaused = reports.some(({ pauseSeconds }) => pauseSeconds !== undefined);
    failures = reports.length > 0 && failed.length === reports.length ? failures + failed.length : 0;
    width = failed.length === 0 ? Math.min(width * 2, MAX_WIDTH) : 1;
    retryAfterSeconds = earliest([retryAfterSeconds, ...failed.map((report) => report.retryAfterSeconds)]);
    if (!isGone && !isSilent && !isPaused && failures < MAX_FAILURES) continue;
    await exchange(ctx, { webhookId, done, width: 0, run });
    if (isGone && mayDisable(run)) await disableWebhook(ctx, claimed[0]?.event, webhookId);
    return { retryAfterSeconds: isGone ? undefined : retryAfterSeconds, isFailing: true };
  }
}

function earliest(seconds: readonly (number | undefined)[]): number | undefined {
  const known = seconds.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * Returns how many deliveries to claim, at most `width`. Reserves their requests at once, because other webhooks share
 * the budget: the claim, the posts, and the report. An earlier claim has already paid for `done`.
 */
function reserve(run: Run, { width, done }: Pick<Exchange, "width" | "done">): number {
  const roundTrips = done.length > 0 ? 1 : 2;
  const granted = Math.min(width, run.requestsLeft - roundTrips);
  if (granted <= 0 || currentMillis() >= run.deadline) return 0;
  run.requestsLeft -= granted + roundTrips;
  return granted;
}

/** If the budget has no room, the next run learns again that the receiver is gone. */
function mayDisable(run: Run): boolean {
  if (run.requestsLeft < DISABLING_REQUESTS) return false;
  run.requestsLeft -= DISABLING_REQUESTS;
  return true;
}

interface Exchange {
  readonly webhookId: string;
  /** Reports to write. */
  readonly done: readonly Statement[];
  /** The most deliveries to claim; 0 for none. */
  readonly width: number;
  readonly run: Run;
}

type Claimed = ClaimedDelivery & { readonly token: string };

async function exchange(
  { database }: ServiceContext,
  { webhookId, done, width, run }: Exchange,
): Promise<readonly Claimed[]> {
  const token = newId("lease");
  const granted = reserve(run, { width, done });
  const claim = granted === 0 ? undefined : claimDeliveries(webhookId, token, granted);
  const statements = [...done, ...(claim?.statements ?? [])];
  if (statements.length === 0) return [];
  const results = await database.write(statements);
  if (!claim) return [];
  const claimed = claim.decode(results.at(-1));
  run.requestsLeft += claimed.length === 0 ? granted + 1 : granted - claimed.length;
  return claimed.map((delivery) => ({ ...delivery, token }));
}

async function attemptDelivery(
  { webhooks }: ServiceContext,
  delivery: Claimed,
  body: string,
): Promise<Report & { readonly isGone?: true }> {
  const { id: deliveryId, token, failures, ...message } = delivery;
  const attempt: DeliveryAttempt = await postWebhook({ ...message, deliveryId, body }, webhooks);
  return { deliveryId, token, attempt, ...judgeAttempt(attempt, failures) };
}
