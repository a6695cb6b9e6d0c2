import { Webhook } from "standardwebhooks";
import { currentMillis } from "../lib/clock.ts";
import { destinationProblem } from "./destination-policy.ts";
import { openSecret } from "./secret-box.ts";
import type { WebhookSettings } from "./settings.ts";

export const ATTEMPT_TIMEOUT_MS = 15_000;
const MAX_RESPONSE_BYTES = 1024;

export interface Message {
  readonly webhookId: string;
  readonly deliveryId: string;
  /** The same at every attempt, so that a receiver can tell what it already has. */
  readonly messageId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sealedSecret: string;
  readonly body: string;
}

export interface Attempt {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly durationMs: number;
  /** Null: no answer. */
  readonly statusCode: number | null;
  /** The first KiB of the answer's body. */
  readonly response: string | null;
  /** Why there was no answer. */
  readonly error: string | null;
}

/**
 * Sends a message once, signed as the Standard Webhooks specification says
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). Never throws: what goes wrong is
 * in the result.
 */
export async function postWebhook(message: Message, settings: WebhookSettings): Promise<Attempt> {
  const start = currentMillis();
  const outcome = await send(message, settings, new Date(start)).catch(describeFailure);
  const { statusCode = null, response = null, error = null } = outcome;
  const durationMs = currentMillis() - start;
  return { at: new Date(start).toISOString(), durationMs, statusCode, response, error };
}

type Outcome = Partial<Pick<Attempt, "statusCode" | "response" | "error">>;

async function send(message: Message, settings: WebhookSettings, now: Date): Promise<Outcome> {
  const { webhookId, sealedSecret, url, body } = message;
  const problem = destinationProblem(url, settings.policy);
  if (problem !== undefined) return { error: `not sent: the URL ${problem}` };
  const secret = await openSecret(settings.secretKey ?? "", webhookId, sealedSecret).catch(() => undefined);
  if (secret === undefined) {
    return {
      error: "not sent: the secret was encrypted under another WEBHOOK_SECRET_KEY — rotate it",
    };
  }
  const request: RequestInit = {
    method: "POST",
    redirect: "manual",
    headers: headersOf(message, secret, now),
    body,
    signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
  };
  const { network } = settings;
  const answer = await (network ? network.fetch(url, request) : fetch(url, request));
  return { statusCode: answer.status, response: await readBeginning(answer) };
}

function headersOf({ messageId, deliveryId, headers, body }: Message, secret: string, now: Date): Headers {
  const all = new Headers(headers);
  all.set("Content-Type", "application/json");
  all.set("User-Agent", "SchemaStack-Webhook/1.0");
  all.set("X-SchemaStack-Delivery-Id", deliveryId);
  all.set("webhook-id", messageId);
  all.set("webhook-timestamp", String(Math.floor(now.getTime() / 1000)));
  all.set("webhook-signature", new Webhook(secret).sign(messageId, now, body));
  return all;
}

/** An answer is one from its status on: a body that breaks off changes nothing. */
async function readBeginning({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let left = MAX_RESPONSE_BYTES;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    return text;
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

function describeFailure(failure: unknown): Outcome {
  if (failure instanceof Error && failure.name === "TimeoutError") {
    return { error: `no answer within ${ATTEMPT_TIMEOUT_MS / 1000} seconds` };
  }
  return { error: `no connection: ${failure instanceof Error ? failure.message : String(failure)}` };
}
