import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { expectStatus } from "./api.ts";
import { runSql } from "./database.ts";
import type { Reaction, Received } from "./mailbox.ts";
import type { TestWorkspace } from "./workspace.ts";

export const ALL_EVENTS = ["record.created", "record.updated", "record.deleted"];

/** A mailbox of the receiver, as tests inside workerd reach it. */
export interface TestMailbox {
  readonly url: string;
  received(): Promise<readonly Received[]>;
  /** The parsed bodies, once so many have arrived. */
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into messages of any shape
  messages(count: number): Promise<readonly any[]>;
  react(behaviour: { reactions?: readonly Reaction[]; fallback?: Reaction }): Promise<void>;
}

export function makeMailbox(): TestMailbox {
  const url = `${env.WEBHOOK_RECEIVER_URL}/${crypto.randomUUID()}`;
  const received = async () => (await (await fetch(url)).json()) as readonly Received[];
  return {
    url,
    received,
    async messages(count) {
      await expect
        .poll(async () => (await received()).length, { timeout: 12_000, interval: 20 })
        .toBeGreaterThanOrEqual(count);
      const all = await received();
      expect(all).toHaveLength(count);
      return all.map(({ body }) => JSON.parse(body));
    },
    async react(behaviour) {
      await fetch(url, { method: "PUT", body: JSON.stringify(behaviour) });
    },
  };
}

/** A webhook for every event that sends to the mailbox, unless `input` says otherwise. */
export async function listen(w: TestWorkspace, mailbox: { readonly url: string }, input: object = {}) {
  const body = { name: "test", url: mailbox.url, events: ALL_EVENTS, ...input };
  return expectStatus(await w.admin("POST", "/webhooks", { body }), 201).body.data;
}

/** The deliveries of a webhook, newest first. */
export async function deliveriesOf(w: TestWorkspace, webhookId: string) {
  return expectStatus(await w.admin("GET", `/webhooks/${webhookId}/deliveries?size=100`), 200).body.data;
}

/** Does what the scheduled run does, once. */
export async function runScheduled(): Promise<void> {
  const { createScheduledController } = await import("cloudflare:test");
  const { default: worker } = await import("../../src/index.ts");
  await worker.scheduled(createScheduledController(), env);
}

/** Resolves with the newest delivery once it has the given properties. */
export async function untilNewest(w: TestWorkspace, webhookId: string, wanted: object) {
  await expect
    .poll(async () => (await deliveriesOf(w, webhookId))[0], { timeout: 12_000, interval: 20 })
    .toMatchObject(wanted);
  return (await deliveriesOf(w, webhookId))[0];
}

/** Makes all waiting deliveries due, and frees those under a lease. */
export const letTimePass = (webhookId: string) =>
  runSql(
    `UPDATE webhook_deliveries
      SET leased_until = NULL, next_attempt_at = CASE WHEN next_attempt_at IS NULL THEN NULL ELSE '2020-01-01T00:00:00.000Z' END
      WHERE webhook_id = ? AND status = 'PENDING'`,
    [webhookId],
  );
