import { currentMillis } from "../lib/clock.ts";
import { destinationProblem } from "./destination-policy.ts";
import { pauseOf } from "./retry-schedule.ts";
import { openSecret } from "./secret-box.ts";
import type { WebhookSettings } from "./settings.ts";
import { signMessage } from "./sign-message.ts";

export const ATTEMPT_TIMEOUT_MS = 15_000;
const MAX_RESPONSE_BYTES = 1024;

export interface Message {
  readonly webhookId: string;
  readonly deliveryId: string;
  /** The same at every attempt, so that a receiver recognises repeated messages. */
  readonly messageId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** All secrets sign: the current one, and the former one during its grace period. */
  readonly sealedSecrets: readonly string[];
  readonly body: string;
}

export interface DeliveryAttempt {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly durationMs: number;
  /** Null if there was no response. */
  readonly statusCode: number | null;
  /** The first KiB of the response body. */
  readonly response: string | null;
  /** Why there was no response. */
  readonly error: string | null;
  /** How long the receiver asks for a pause. */
  readonly pauseSeconds?: number | undefined;
}

/**
 * Sends a message once, signed by the Standard Webhooks specification
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). Never throws: the
 * result contains the failure.
 */
export async function postWebhook(message: Message, settings: WebhookSettings): Promise<DeliveryAttempt> {
  const start = currentMillis();
  const outcome = await send(message, settings, new Date(start)).catch(describeFailure);
  const { statusCode = null, response = null, error = null, pauseSeconds } = outcome;
  const durationMs = currentMillis() - start;
  return { at: new Date(start).toISOString(), durationMs, statusCode, response, error, pauseSeconds };
}

type Outcome = Partial<Omit<DeliveryAttempt, "at" | "durationMs">>;

async function send(message: Message, settings: WebhookSettings, now: Date): Promise<Outcome> {
  const { webhookId, sealedSecrets, url, body } = message;
  const problem = destinationProblem(url, settings.policy);
  if (problem !== undefined) return { error: `not sent: the URL ${problem}` };
  const open = (sealed: string) => openSecret(settings.secretKey ?? "", webhookId, sealed);
  const secrets = await Promise.all(sealedSecrets.map(open)).catch(() => undefined);
  if (secrets === undefined) {
    return {
      error: "not sent: the secret was encrypted under another WEBHOOK_SECRET_KEY — rotate it",
    };
  }
  const request: RequestInit = {
    method: "POST",
    redirect: "manual",
    headers: await headersOf(message, secrets, now),
    body,
    signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
  };
  const { network } = settings;
  const answer = await (network ? network.fetch(url, request) : fetch(url, request));
  const pauseSeconds = pauseOf(answer, now);
  return { statusCode: answer.status, response: await readBeginning(answer), pauseSeconds };
}

async function headersOf(message: Message, secrets: readonly string[], at: Date): Promise<Headers> {
  const { messageId, deliveryId, headers, body } = message;
  const signatures = await Promise.all(secrets.map((secret) => signMessage(secret, { messageId, at, body })));
  const all = new Headers(headers);
  all.set("Content-Type", "application/json");
  all.set("User-Agent", "SchemaStack-Webhook/1.0");
  all.set("X-SchemaStack-Delivery-Id", deliveryId);
  all.set("webhook-id", messageId);
  all.set("webhook-timestamp", String(Math.floor(at.getTime() / 1000)));
  all.set("webhook-signature", signatures.join(" "));
  return all;
}

/** A response counts once it has a status. If its body breaks off, nothing changes. */
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
    return { error: `no response within ${ATTEMPT_TIMEOUT_MS / 1000} seconds` };
  }
  return { error: `no connection: ${failure instanceof Error ? failure.message : String(failure)}` };
}
