import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "@libsql/client";
import { type Receiver, startReceiver } from "../test/support/processes/webhook-receiver.ts";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { median } from "./support/median.ts";
import { readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";
import { type WebhookRound, writeWebhookReport } from "./support/webhook-report.ts";

/*
 * `npm run bench:webhooks`: 1,000 deliveries to 10 endpoints of which 2 never answer, how long the other 8 take; after one
 * bulk write, and by the scheduled run alone. And what a write costs with the triggers of a webhook, and without.
 * Environment: ROUNDS (3), WRITES (400, of each kind a round).
 */
const ROUNDS = readNumber("ROUNDS", 3);
const WRITES = readNumber("WRITES", 400);
const ENDPOINTS = 10;
const HANGING = 2;
const EVENTS_EACH = 100;
const HEALTHY_DELIVERIES = (ENDPOINTS - HANGING) * EVENTS_EACH;
const POLL_MS = 5;
const WORKSPACES = "/admin/v1/organizations/bench/workspaces";
const ALLOWED = {
  WEBHOOK_SECRET_KEY: "bench-key-of-at-least-32-characters",
  ALLOW_HTTP_WEBHOOKS: "true",
  ALLOW_PRIVATE_WEBHOOKS: "true",
};

interface Bench {
  readonly api: ReturnType<typeof createApiClient>;
  readonly admin: ReturnType<typeof createApiClient>;
  readonly client: Client;
  readonly receiver: Receiver;
}

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-webhooks-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { baseUrl, database } = await startStack(directory, ALLOWED);
  const receiver = await startReceiver();
  onEnd(receiver.close);
  const client = createClient({ url: database.url, authToken: database.authToken });
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  const rounds: WebhookRound[] = [];
  for (let i = 1; i <= ROUNDS; i++) {
    const slug = `round-${i}`;
    await admin.require("POST", WORKSPACES, { slug, name: slug });
    for (const name of ["Plain", "Watched"]) {
      const columns = [{ name: "value", type: "INTEGER" }];
      await admin.require("POST", `${WORKSPACES}/${slug}/entities`, { name, columns });
    }
    const asked = { name: "bench", permission: "READ_WRITE" };
    const { key } = (await admin.require("POST", `${WORKSPACES}/${slug}/api-keys`, asked)) as { key: string };
    const bench = { api: createApiClient(baseUrl, key), admin, client, receiver };
    const round = { ...(await measureWrites(bench, slug)), ...(await measureDeliveries(bench, slug)) };
    console.log(`round ${i}: ${JSON.stringify(round)}`);
    rounds.push(round);
  }
  console.log(writeWebhookReport(rounds, { endpoints: ENDPOINTS, hanging: HANGING, each: EVENTS_EACH }));
  await endProcess(0);
});

/** Milliseconds of a create on an entity without and with a webhook, and from its response to its delivery. */
async function measureWrites({ api, admin, receiver }: Bench, slug: string) {
  const box = `${slug}-latency`;
  const webhook = {
    name: box,
    url: `${receiver.url}/${box}`,
    events: ["record.created"],
    entities: ["Watched"],
  };
  const made = (await admin.require("POST", `${WORKSPACES}/${slug}/webhooks`, webhook)) as { id: string };
  const times: Record<"Plain" | "Watched", number[]> = { Plain: [], Watched: [] };
  const delays: number[] = [];
  const { received } = receiver.mailbox(box);
  for (let i = 0; i < WRITES; i++) {
    for (const entity of ["Plain", "Watched"] as const) {
      const start = performance.now();
      await api.require("POST", `/api/v1/bench/${slug}/${entity}`, { value: i });
      const end = performance.now();
      times[entity].push(end - start);
      if (entity === "Plain") continue;
      await until(() => received.length > i);
      delays.push(performance.now() - end);
    }
  }
  await admin.require("PATCH", `${WORKSPACES}/${slug}/webhooks/${made.id}`, { enabled: false });
  return {
    plainMs: median(times.Plain.slice(WRITES / 4)),
    watchedMs: median(times.Watched.slice(WRITES / 4)),
    deliveryMs: median(delays.slice(WRITES / 4)),
  };
}

/**
 * Seconds until the responsive endpoints have everything, after a bulk write and after the start of a scheduled run.
 */
async function measureDeliveries({ api, admin, client, receiver }: Bench, slug: string) {
  const boxes = Array.from({ length: ENDPOINTS }, (_, i) => `${slug}-${i}`);
  for (const [i, box] of boxes.entries()) {
    receiver.mailbox(box).fallback = { hangs: i < HANGING };
    const webhook = { name: box, url: `${receiver.url}/${box}`, events: ["record.created"] };
    await admin.require("POST", `${WORKSPACES}/${slug}/webhooks`, webhook);
  }
  const healthy = boxes.slice(HANGING).map((box) => receiver.mailbox(box).received);
  const count = () => healthy.reduce((sum, received) => sum + received.length, 0);

  const body = Array.from({ length: EVENTS_EACH }, (_, value) => ({ value }));
  await api.require("POST", `/api/v1/bench/${slug}/Watched/bulk`, body);
  const answered = performance.now();
  await until(() => count() === HEALTHY_DELIVERIES);
  const afterWriteSeconds = (performance.now() - answered) / 1000;

  // The deliveries of the write look for more in the transaction of their last report, and would still find these.
  const pending = "SELECT count(*) FROM webhook_deliveries WHERE status = 'PENDING'";
  while (Number((await client.execute(pending)).rows[0]?.[0]) > HANGING * EVENTS_EACH) await sleep(POLL_MS);
  await client.execute({
    sql: `INSERT INTO webhook_events
      (workspace_id, message_id, type, entity_id, entity_name, record_id, record, created_at)
      SELECT workspace_id, message_id || '-again', type, entity_id, entity_name, record_id + 10000, record,
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      FROM webhook_events ORDER BY id DESC LIMIT ?`,
    args: [EVENTS_EACH],
  });
  await until(() => count() > HEALTHY_DELIVERIES);
  const begun = performance.now();
  await until(() => count() === 2 * HEALTHY_DELIVERIES);
  const bySweepSeconds = (performance.now() - begun) / 1000;
  for (const { id } of (await admin.require("GET", `${WORKSPACES}/${slug}/webhooks?size=100`)) as {
    id: string;
  }[]) {
    await admin.require("DELETE", `${WORKSPACES}/${slug}/webhooks/${id}`);
  }
  return { afterWriteSeconds, bySweepSeconds };
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(POLL_MS);
}
