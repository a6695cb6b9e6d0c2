import { beforeEach, describe, expect, it } from "vitest";
import { MAX_EVENT_BYTES } from "../../src/model/kept-bytes.ts";
import { expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer } from "../support/entities.ts";
import {
  deliveriesOf,
  letTimePass,
  listen,
  makeMailbox,
  runScheduled,
  untilNewest,
} from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const usageOf = async (w: TestWorkspace) => expectStatus(await w.admin("GET", "/usage"), 200).body.data;
const setBytes = (w: TestWorkspace, column: "outbox_bytes" | "idempotency_bytes", bytes: number) =>
  runSql(`UPDATE workspaces SET ${column} = ${column} + ? WHERE slug = ?`, [bytes, w.workspace]);
const FAR_BEYOND = 1_000_000_000;

describe("an event with large records", () => {
  const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
  const page = {
    name: "Page",
    columns: [...names.map((name) => ({ name, type: "TEXT" })), { name: "n", type: "INTEGER" }],
  };

  it("is kept and sent without them, so that a small write makes the database write little", async () => {
    const w = await makeWorkspace(page);
    const box = makeMailbox();
    await box.react({ fallback: { status: 500 } });
    await listen(w, box, { events: ["record.updated", "record.deleted"] });
    const text = "x".repeat(100_000);
    expectStatus(
      await w.api("POST", "/Page", {
        body: { n: 0, ...Object.fromEntries(names.slice(0, 9).map((name) => [name, text])) },
      }),
      201,
    );
    const body = Array.from({ length: 100 }, (_, n) => ({ id: 1, n: n + 1 }));
    expectStatus(await w.api("PUT", "/Page/bulk", { body }), 200);
    expect((await usageOf(w)).outboxBytes).toBe(100 * 256);
    const [{ data }] = await box.messages(1);
    expect(data).toMatchObject({ entity: "Page", id: 1, record: null, previous: null, omitted: true });
  });

  it("has them up to a size, of both together", async () => {
    const w = await makeWorkspace(page);
    const box = makeMailbox();
    await box.react({ fallback: { status: 500 } });
    const { id } = await listen(w, box);
    const half = MAX_EVENT_BYTES / 2;
    const record = { c0: "x".repeat(100_000), c1: "x".repeat(half - 100_000) };
    expectStatus(await w.api("POST", "/Page", { body: record }), 201);
    expectStatus(await w.api("PUT", "/Page/1", { body: { n: 1 } }), 200);
    expectStatus(await w.api("PUT", "/Page/1", { body: { c2: "ü" } }), 200);
    const rows = await runSql(
      "SELECT is_omitted, record IS NULL FROM webhook_events WHERE id IN (SELECT event_id FROM webhook_deliveries WHERE webhook_id = ?) ORDER BY id",
      [id],
    );
    expect(rows).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
  });
});

describe("the records of an event", () => {
  it("are kept until every webhook has them; a redelivery after that has none", async () => {
    const w = await makeWorkspace(customer);
    const [box, late] = [makeMailbox(), makeMailbox()];
    await late.react({ reactions: [{ status: 500 }] });
    const { id } = await listen(w, box);
    const { id: lateId } = await listen(w, late);
    expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
    const { id: deliveryId } = await untilNewest(w, id, { status: "SUCCEEDED" });
    const redeliver = () => w.admin("POST", `/webhooks/${id}/deliveries/${deliveryId}/redeliver`);
    expectStatus(await redeliver(), 202);
    const [first, second] = await box.messages(2);
    expect(second).toEqual(first);
    await untilNewest(w, lateId, { attempts: [{ statusCode: 500 }] });
    await untilNewest(w, id, { status: "SUCCEEDED" });
    expect((await usageOf(w)).outboxBytes).toBeGreaterThan(256);
    await letTimePass(lateId);
    await runScheduled();
    await untilNewest(w, lateId, { status: "SUCCEEDED" });
    expect((await usageOf(w)).outboxBytes).toBe(256);
    expectStatus(await redeliver(), 202);
    const [, , third] = await box.messages(3);
    const { data } = first;
    expect(third).toEqual({ ...first, data: { ...data, record: null, previous: null, omitted: true } });
  });

  it("are gone with the webhook that waited for them", async () => {
    const w = await makeWorkspace(customer);
    const { id } = await listen(w, { url: "http://127.0.0.1:1/" });
    expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
    expect((await deliveriesOf(w, id)).length).toBe(1);
    expectStatus(await w.admin("DELETE", `/webhooks/${id}`), 204);
    expect((await usageOf(w)).outboxBytes).toBe(0);
  });
});

describe("a workspace whose webhook events take all the space that they may", () => {
  const error = {
    code: "RATE_LIMITED",
    message:
      "The webhook events of this workspace take all the space that they may — retry when its webhooks have responded",
  };
  let w: TestWorkspace;
  let webhookId: string;
  beforeEach(async () => {
    w = await makeWorkspace(customer, { name: "Silent", columns: [{ name: "n", type: "INTEGER" }] });
    expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
    ({ id: webhookId } = await listen(w, { url: "http://127.0.0.1:1/" }, { entities: ["Customer"] }));
    await setBytes(w, "outbox_bytes", FAR_BEYOND);
  });

  const bob = { ...alice, email: "bob@example.com" };
  it.each([
    ["POST", "/Customer", bob],
    ["PUT", "/Customer/1", { name: "B" }],
    ["DELETE", "/Customer/1", undefined],
    ["POST", "/Customer/bulk?atomic=true", [bob]],
    ["PATCH", "/Customer?filter[name]=Alice&maxAffected=5", { name: "B" }],
    ["POST", "/transaction", { operations: [{ method: "DELETE", entity: "Customer", id: 1 }] }],
  ])("refuses %s %s and writes nothing", async (method, path, body) => {
    for (const headers of [{}, { "Idempotency-Key": "k" }]) {
      const answer = await w.api(method, path, { ...(body && { body }), headers });
      expectFailure(answer, 429, error);
      expect(answer.headers.get("Retry-After")).toBe("60");
    }
    const { data } = expectStatus(await w.api("GET", "/Customer"), 200).body;
    expect(data.map(({ name }: { name: string }) => name)).toEqual(["Alice"]);
  });

  it.each([
    ["PUT", "/Customer/bulk", [{ id: 1, name: "B" }]],
    ["POST", "/Customer/bulk", [bob]],
  ])("refuses each item of %s %s, which can be sent again with its key", async (method, path, body) => {
    const send = () => w.api(method, path, { body, headers: { "Idempotency-Key": "k" } });
    const refused = await send();
    if (refused.status === 429) expectFailure(refused, 429, error);
    else
      expect(refused.body).toEqual({
        succeeded: 0,
        failed: 1,
        errors: [{ index: 0, error: expect.objectContaining(error) }],
      });
    await setBytes(w, "outbox_bytes", -FAR_BEYOND);
    expect((await send()).body).toEqual({ succeeded: 1, failed: 0 });
  });

  it("refuses a test message, and does what makes no event", async () => {
    expectFailure(await w.admin("POST", `/webhooks/${webhookId}/test`, { body: {} }), 429, error);
    const chosen = { entity: "Customer", ids: [1] };
    expectFailure(await w.admin("POST", `/webhooks/${webhookId}/send`, { body: chosen }), 429, error);
    expectStatus(await w.api("POST", "/Silent", { body: { n: 1 } }), 201);
    expectStatus(await w.api("GET", "/Customer/1"), 200);
  });
});

describe("a workspace whose kept responses take all the space that they may", () => {
  it("refuses requests with an Idempotency-Key, and no others", async () => {
    const w = await makeWorkspace(customer);
    const headers = { "Idempotency-Key": "k" };
    expectStatus(await w.api("POST", "/Customer", { body: alice, headers }), 201);
    const { idempotencyBytes, maxIdempotencyBytes } = await usageOf(w);
    expect(idempotencyBytes).toBeGreaterThan(2 * 256);
    await setBytes(w, "idempotency_bytes", maxIdempotencyBytes);
    const refused = await w.api("PUT", "/Customer/1", {
      body: { name: "B" },
      headers: { "Idempotency-Key": "l" },
    });
    expectFailure(refused, 429, {
      code: "RATE_LIMITED",
      message:
        "The responses kept for Idempotency-Keys of this workspace take all the space that they may — each is deleted after 24 hours",
    });
    const replayed = await w.api("POST", "/Customer", { body: alice, headers });
    expect(expectStatus(replayed, 201).headers.get("Idempotent-Replayed")).toBe("true");
    expectStatus(await w.api("PUT", "/Customer/1", { body: { name: "C" } }), 200);
  });
});
