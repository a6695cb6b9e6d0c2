import { beforeEach, describe, expect, it } from "vitest";
import { claimDeliveries, reportStatements } from "../../src/db/webhook-queue.ts";
import { RETRY_DELAYS_SECONDS } from "../../src/webhooks/retry-schedule.ts";
import { expectStatus } from "../support/api.ts";
import { database, runSql } from "../support/database.ts";
import { alice, customer } from "../support/entities.ts";
import {
  deliveriesOf,
  letTimePass,
  listen,
  makeMailbox,
  runScheduled,
  type TestMailbox,
  untilNewest,
} from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
let box: TestMailbox;
beforeEach(async () => {
  w = await makeWorkspace(customer);
  box = makeMailbox();
});

const create = async (email = alice.email) =>
  expectStatus(await w.api("POST", "/Customer", { body: { ...alice, email } }), 201).body.data;
const rename = (name: string) => w.api("PUT", "/Customer/1", { body: { name } });

describe("a refused delivery", () => {
  it("is tried again by itself after 5 s, with the same webhook-id", { timeout: 20_000 }, async () => {
    await box.react({ reactions: [{ status: 500, body: "no" }] });
    const { id } = await listen(w, box);
    await create();
    const delivery = await untilNewest(w, id, { status: "SUCCEEDED" });
    expect(delivery.attempts.map(({ statusCode }: { statusCode: number }) => statusCode)).toEqual([500, 200]);
    const [first, second] = delivery.attempts.map(({ at }: { at: string }) => Date.parse(at));
    expect(second - first).toBeGreaterThanOrEqual(5000);
    const [one, two] = await box.received();
    expect(two?.body).toBe(one?.body);
    expect(two?.headers["webhook-id"]).toBe(one?.headers["webhook-id"]);
  });

  it("is retried at the contract's times, then FAILED; then the next one of its record is due", async () => {
    await box.react({ fallback: { status: 503 } });
    const { id } = await listen(w, box, { events: ["record.updated"] });
    await create();
    await rename("first");
    const [{ id: deliveryId }] = await deliveriesOf(w, id);
    await rename("second");
    const read = async () =>
      (await deliveriesOf(w, id)).find((delivery: { id: string }) => delivery.id === deliveryId);
    for (const [i, seconds] of RETRY_DELAYS_SECONDS.entries()) {
      await expect.poll(async () => (await read()).attempts.length).toBe(i + 1);
      const { nextAttemptAt, attempts, status } = await read();
      const delay = Date.parse(nextAttemptAt) - Date.parse(attempts[i].at) - attempts[i].durationMs;
      expect(status).toBe("PENDING");
      expect(delay).toBeGreaterThanOrEqual(seconds * 1000 - 50);
      expect(delay).toBeLessThan(seconds * 1000 + 1500);
      await letTimePass(id);
      await runScheduled();
    }
    expect(RETRY_DELAYS_SECONDS).toEqual([5, 60, 300, 1800, 7200, 18_000, 36_000]);
    expect(await read()).toMatchObject({ status: "FAILED", nextAttemptAt: null });
    const names = (await box.received()).map(({ body }) => JSON.parse(body).data.record.name);
    expect(names.slice(0, 8)).toEqual(Array(8).fill("first"));
    await expect.poll(async () => (await box.received()).length).toBeGreaterThan(8);
    expect(JSON.parse((await box.received())[8]?.body ?? "").data.record.name).toBe("second");
  });

  it("with 410 disables the webhook; waiting deliveries continue when it is enabled, changes in between send no events", async () => {
    const { id } = await listen(w, box);
    await box.react({ reactions: [{ status: 500 }, { status: 410 }] });
    await create("waits@example.com");
    await untilNewest(w, id, { attempts: [{ statusCode: 500 }] });
    await create("gone@example.com");
    await expect.poll(async () => (await w.admin("GET", `/webhooks/${id}`)).body.data.enabled).toBe(false);
    expect(await untilNewest(w, id, { recordId: 2 })).toMatchObject({
      status: "PENDING",
      attempts: [{ statusCode: 410 }],
    });
    await create("unheard@example.com");
    await letTimePass(id);
    await runScheduled();
    expect(await box.received()).toHaveLength(2);
    expectStatus(await w.admin("PATCH", `/webhooks/${id}`, { body: { enabled: true } }), 200);
    await runScheduled();
    const emails = (await box.messages(4)).map(({ data }) => data.record.email);
    expect(emails.slice(0, 2)).toEqual(["waits@example.com", "gone@example.com"]);
    expect(emails.slice(2).sort()).toEqual(["gone@example.com", "waits@example.com"]);
  });
});

describe("the order per record", () => {
  it("is kept while one record waits and others continue", async () => {
    const { id } = await listen(w, box);
    await box.react({ reactions: [{ status: 500 }] });
    await create();
    await untilNewest(w, id, { attempts: [{ statusCode: 500 }] });
    await rename("second");
    await rename("third");
    await create("other@example.com");
    await expect.poll(async () => (await box.received()).length).toBe(2);
    expect(
      (await deliveriesOf(w, id)).map(({ nextAttemptAt }: { nextAttemptAt: unknown }) => nextAttemptAt),
    ).toEqual([null, null, null, expect.any(String)]);
    await letTimePass(id);
    await runScheduled();
    const messages = await box.messages(5);
    expect(messages.filter(({ data }) => data.id === 1).map(({ data }) => data.record.name)).toEqual([
      "Alice",
      "Alice",
      "second",
      "third",
    ]);
  });

  it("holds under many writers", async () => {
    await listen(w, box);
    for (let i = 0; i < 5; i++) await create(`${i}@example.com`);
    const writes = Array.from({ length: 40 }, (_, i) =>
      w.api("PUT", `/Customer/${(i % 5) + 1}`, { body: { age: i, name: `v${i}` } }),
    );
    for (const answer of await Promise.all(writes)) expectStatus(answer, 200);
    await expect
      .poll(
        async () => {
          await runScheduled();
          return (await box.received()).length;
        },
        { timeout: 10_000 },
      )
      .toBe(45);
    const messages = await box.messages(45);
    for (let id = 1; id <= 5; id++) {
      const own = messages.filter(({ data }) => data.id === id).map(({ data }) => data);
      for (const [i, { previous }] of own.entries()) {
        expect(previous).toEqual(i === 0 ? null : own[i - 1].record);
      }
    }
  });
});

describe("a lease", () => {
  const leaseAll = (webhookId: string, until: string) =>
    runSql(
      `UPDATE webhook_deliveries SET lease_token = 'another', next_attempt_at = '2020-01-01T00:00:00.000Z', leased_until = ${until} WHERE webhook_id = ?`,
      [webhookId],
    );

  it("keeps others away, until it ends", async () => {
    await box.react({ reactions: [{ status: 500 }] });
    const { id } = await listen(w, box);
    await create();
    await untilNewest(w, id, { attempts: [{ statusCode: 500 }] });
    await leaseAll(id, "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')");
    await runScheduled();
    expect(await box.received()).toHaveLength(1);
    await leaseAll(id, "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 second')");
    await runScheduled();
    await box.messages(2);
  });

  it("has one holder only, however many claim at once, and deliveries of a record are claimed one by one", async () => {
    const { id } = await listen(w, box);
    await runSql(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
       INSERT INTO webhook_events (workspace_id, message_id, type, entity_id, entity_name, record_id, record, created_at)
       SELECT (SELECT workspace_id FROM webhooks WHERE id = ?), 'msg_' || i, 'record.created', 'ent', 'Customer',
         i % 50, '[{}]', strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM n`,
      [id],
    );
    const claim = async (token: string) => {
      const { statements, decode } = claimDeliveries(id, token, 9);
      return decode((await database.write(statements)).at(-1));
    };
    const tokens = Array.from({ length: 12 }, () => crypto.randomUUID());
    const claimed = (await Promise.all(tokens.map(claim))).flat();
    expect(new Set(claimed.map((delivery) => delivery.id)).size).toBe(50);
    expect(claimed.map(({ messageId }) => Number(messageId.slice(4))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    await runScheduled();
    expect(await box.received()).toEqual([]);
  });

  it("that has expired has no effect", async () => {
    await box.react({ fallback: { status: 500 } });
    const { id } = await listen(w, box);
    await create();
    const { id: deliveryId } = await untilNewest(w, id, { attempts: [{ statusCode: 500 }] });
    await leaseAll(id, "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')");
    const attempt = {
      at: "2026-01-01T00:00:00.000Z",
      durationMs: 1,
      statusCode: 200,
      response: "",
      error: null,
    };
    const late = { deliveryId, token: "ended", status: "SUCCEEDED", attempt } as const;
    await database.write(reportStatements(late));
    expect(await untilNewest(w, id, { status: "PENDING" })).toMatchObject({
      attempts: [{}, { statusCode: 200 }],
    });
    await database.write(reportStatements({ ...late, token: "another" }));
    await untilNewest(w, id, { status: "SUCCEEDED" });
  });
});

describe("the history", () => {
  it("is kept for 30 days; nothing waits behind a removed delivery", async () => {
    await box.react({ reactions: [{ status: 500 }] });
    const { id } = await listen(w, box);
    await create();
    await untilNewest(w, id, { attempts: [{ statusCode: 500 }] });
    await rename("second");
    await runSql(
      `UPDATE webhook_events SET created_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-721 hours')
        WHERE id = (SELECT min(event_id) FROM webhook_deliveries WHERE webhook_id = ?)`,
      [id],
    );
    await runScheduled();
    await expect
      .poll(async () => {
        await runScheduled();
        return (await box.received()).length;
      })
      .toBe(2);
    expect((await deliveriesOf(w, id)).map(({ status }: { status: string }) => status)).toEqual([
      "SUCCEEDED",
    ]);
  });
});
