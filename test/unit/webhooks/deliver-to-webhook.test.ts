import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { openServices } from "../../../src/http/context.ts";
import type { Rows, Statement } from "../../../src/model/sql-value.ts";
import type { ServiceContext } from "../../../src/services/context.ts";
import { deliverToWebhook, type Run } from "../../../src/services/webhooks/deliver-to-webhook.ts";
import { sealSecret } from "../../../src/webhooks/secret-box.ts";

/* Webhooks that share a run, over a queue and a network that count their requests. */

const SECRET_KEY = "a-webhook-secret-key-of-this-test-alone";
const isReport = ({ sql }: Statement) => sql.startsWith("UPDATE") && sql.includes("status = ?");

interface Network {
  /** The waiting deliveries of each webhook. */
  readonly backlog: number;
  readonly status?: number;
}

async function openQueue({ backlog, status = 204 }: Network) {
  const counts = { database: 0, posts: 0, reports: 0 };
  const left = new Map<string, number>();
  const sealed = await sealSecret(SECRET_KEY, "whk", `whsec_${btoa("0123456789abcdef0123456789abcdef")}`);
  const row = (id: string) =>
    [id, 0, "whk", "https://example.com/", "{}", sealed, null, null, null, `msg_${id}`]
      .concat(["org", "ws", "Customer", "ent_1", "record.created", "1"])
      .concat(["[{}]", "[{}]", 0, "2026-01-01T00:00:00.000Z"]);
  function claim({ args }: Statement): Rows {
    const [, , webhookId, limit] = args;
    const waiting = left.get(String(webhookId)) ?? backlog;
    const claimed = Math.min(Number(limit), waiting);
    left.set(String(webhookId), waiting - claimed);
    return Array.from({ length: claimed }, (_, i) => row(`${webhookId}-${waiting - i}`));
  }
  async function write(statements: readonly Statement[]): Promise<readonly Rows[]> {
    counts.database++;
    counts.reports += statements.filter(isReport).length;
    await scheduler.wait(1);
    const lease = statements.find(({ sql }) => sql.includes("SET lease_token = ?"));
    return lease ? [claim(lease)] : [];
  }
  async function post() {
    counts.posts++;
    await scheduler.wait(1);
    return new Response(null, { status });
  }
  const services = openServices(env, "test");
  const network = { fetch: post } as unknown as Fetcher;
  const ctx: ServiceContext = {
    ...services,
    database: { ...services.database, write },
    webhooks: { ...services.webhooks, secretKey: SECRET_KEY, network },
  };
  return { ctx, counts };
}

const newRun = (requestsLeft: number): Run => ({ deadline: Date.now() + 60_000, requestsLeft });

const deliverToMany = (ctx: ServiceContext, run: Run, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => deliverToWebhook(ctx, `whk_${i}`, run)));

it.each([1, 2, 3, 10, 100, 301, 750])(
  "webhooks that are delivered to together get no more than %i requests, and report all that they have delivered",
  async (budget) => {
    const { ctx, counts } = await openQueue({ backlog: 1000 });
    const run = newRun(budget);
    await deliverToMany(ctx, run, 100);
    expect(counts.database + counts.posts).toBeLessThanOrEqual(budget);
    expect(counts.reports).toBe(counts.posts);
    expect(run.requestsLeft).toBe(budget - counts.database - counts.posts);
    if (budget >= 3) expect(counts.posts).toBeGreaterThan(0);
  },
);

it.each([0, 1, 7, 100])(
  "%i waiting deliveries use the budget that they need, and no more",
  async (backlog) => {
    const { ctx, counts } = await openQueue({ backlog });
    const run = newRun(1000);
    await deliverToMany(ctx, run, 5);
    expect(counts.posts).toBe(5 * backlog);
    expect(counts.reports).toBe(5 * backlog);
    expect(run.requestsLeft).toBe(1000 - counts.database - counts.posts);
  },
);

it("a webhook whose endpoint refuses returns its unused budget", async () => {
  const { ctx, counts } = await openQueue({ backlog: 100, status: 500 });
  const run = newRun(1000);
  await deliverToMany(ctx, run, 5);
  expect(counts.posts).toBe(5 * 10);
  expect(run.requestsLeft).toBe(1000 - counts.database - counts.posts);
});

it("a 410 without budget leaves disabling to the next run", async () => {
  const { ctx, counts } = await openQueue({ backlog: 1, status: 410 });
  expect(await deliverToWebhook(ctx, "whk_0", newRun(3))).toEqual({
    retryAfterSeconds: undefined,
    isFailing: true,
  });
  expect(counts).toEqual({ database: 2, posts: 1, reports: 1 });
});
