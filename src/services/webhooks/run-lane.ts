import {
  type ClaimedDelivery,
  claimDeliveryStatements,
  decodeClaimed,
  type Report,
  reportStatements,
} from "../../db/webhook-queue.ts";
import { currentMillis } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";
import type { Statement } from "../../model/sql-value.ts";
import { messageBody } from "../../webhooks/message-body.ts";
import { type Attempt, postWebhook } from "../../webhooks/post-webhook.ts";
import { judgeAttempt } from "../../webhooks/retry-schedule.ts";
import type { ServiceContext } from "../context.ts";
import { disableWebhook } from "./disable-webhook.ts";

/** Deliveries of one webhook that are under way together, once it has shown that it answers. */
const MAX_WIDTH = 8;
/** An endpoint that refuses this many in a row is left alone for the rest of the run. */
const MAX_REFUSALS = 10;

/** What one invocation of the Worker may do, shared by all of its lanes. */
export interface Run {
  /** Nothing is begun after it; milliseconds since the epoch. */
  readonly deadline: number;
  /** Requests, to endpoints and to the database, that are left. */
  requestsLeft: number;
}

export interface LaneResult {
  /** When the first failed delivery is to be tried again, in seconds from now. */
  readonly retryAfterSeconds: number | undefined;
  /** The endpoint should be left alone until then. */
  readonly isFailing: boolean;
}

/**
 * Delivers what is due of one webhook until nothing is, the endpoint fails, or the run has to end. It begins with one
 * delivery at a time and doubles as long as all succeed, so that an endpoint that hangs holds up little. Each round trip
 * to the database reports what has been done and claims what comes next. Throws SERVICE_UNAVAILABLE; what is then not
 * reported is delivered again when its lease has ended.
 */
export async function runLane(ctx: ServiceContext, webhookId: string, run: Run): Promise<LaneResult> {
  let width = 1;
  let refusals = 0;
  let retryAfterSeconds: number | undefined;
  let done: readonly Statement[] = [];
  for (;;) {
    const claimed = await exchange(ctx, { webhookId, done, width: mayBegin(run, width) ? width : 0, run });
    if (claimed.length === 0) return { retryAfterSeconds, isFailing: false };
    run.requestsLeft -= claimed.length;
    const reports = await Promise.all(claimed.map((delivery) => deliver(ctx, delivery)));
    done = reports.flatMap(reportStatements);
    const failed = reports.filter(({ status }) => status !== "SUCCEEDED");
    const isGone = reports.some(({ attempt }) => attempt.statusCode === 410);
    const isSilent = failed.some(({ attempt }) => attempt.statusCode === null);
    refusals = failed.length === reports.length ? refusals + failed.length : 0;
    width = failed.length === 0 ? Math.min(width * 2, MAX_WIDTH) : 1;
    retryAfterSeconds = earliest([retryAfterSeconds, ...failed.map((report) => report.retryAfterSeconds)]);
    if (!isGone && !isSilent && refusals < MAX_REFUSALS) continue;
    await exchange(ctx, { webhookId, done, width: 0, run });
    if (isGone) await disableWebhook(ctx, claimed[0]?.event, webhookId);
    return { retryAfterSeconds: isGone ? undefined : retryAfterSeconds, isFailing: true };
  }
}

function earliest(seconds: readonly (number | undefined)[]): number | undefined {
  const known = seconds.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Room for the deliveries, for the round trip that claims them and for the one that reports them. */
const mayBegin = (run: Run, width: number) => currentMillis() < run.deadline && run.requestsLeft >= width + 2;

interface Exchange {
  readonly webhookId: string;
  /** Reports to write. */
  readonly done: readonly Statement[];
  /** Most deliveries to claim; 0: none. */
  readonly width: number;
  readonly run: Run;
}

type Claimed = ClaimedDelivery & { readonly token: string };

async function exchange(
  { database }: ServiceContext,
  { webhookId, done, width, run }: Exchange,
): Promise<readonly Claimed[]> {
  const token = newId("lease");
  const claim = width === 0 ? [] : claimDeliveryStatements(webhookId, token, width);
  if (done.length + claim.length === 0) return [];
  run.requestsLeft--;
  const results = await database.write([...done, ...claim]);
  if (width === 0) return [];
  return decodeClaimed(results.at(-1) ?? []).map((delivery) => ({ ...delivery, token }));
}

async function deliver({ webhooks }: ServiceContext, delivery: Claimed): Promise<Report> {
  const { id: deliveryId, token, event, failures, ...message } = delivery;
  const attempt: Attempt = await postWebhook({ ...message, deliveryId, body: messageBody(event) }, webhooks);
  const verdict = judgeAttempt(attempt, failures);
  const retry = verdict.status === "PENDING" ? { retryAfterSeconds: verdict.retryAfterSeconds } : {};
  return { deliveryId, token, attempt, status: verdict.status, ...retry };
}
