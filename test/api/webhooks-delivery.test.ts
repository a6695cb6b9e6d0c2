import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer } from "../support/entities.ts";
import { listen, makeMailbox, type TestMailbox, untilNewest } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
let box: TestMailbox;
beforeEach(async () => {
  w = await makeWorkspace(customer);
  box = makeMailbox();
});

const create = async (email = alice.email) =>
  expectStatus(await w.api("POST", "/Customer", { body: { ...alice, email } }), 201).body.data;

describe("chosen records that are larger than a message can be", () => {
  it("fail and say why, and others are delivered", async () => {
    const v = await makeWorkspace({ name: "Page", columns: [{ name: "text", type: "TEXT" }] });
    const { id } = await listen(v, box, { events: ["record.deleted"] });
    const text = "\u0001".repeat(99_900);
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const n of ids) expectStatus(await v.api("POST", "/Page?fields=id", { body: { id: n, text } }), 201);
    const send = (chosen: readonly number[]) =>
      v.admin("POST", `/webhooks/${id}/send`, { body: { entity: "Page", ids: chosen } });
    expectStatus(await send(ids), 202);
    const failed = await untilNewest(v, id, { status: "FAILED" });
    expect(failed.attempts).toMatchObject([
      { statusCode: null, error: "the event is larger than 4500000 bytes" },
    ]);
    expectStatus(await send([1]), 202);
    await untilNewest(v, id, { status: "SUCCEEDED" });
    expect(await box.received()).toHaveLength(1);
  });
});

describe("a delivery", () => {
  it("is signed by Standard Webhooks; tampered and old messages do not verify", async () => {
    const { secret } = await listen(w, box, { headers: { "X-Team": "shipping" } });
    await create();
    await box.messages(1);
    const [{ headers, body } = { headers: {}, body: "" }] = await box.received();
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "SchemaStack-Webhook/1.0",
      "x-schemastack-delivery-id": expect.stringMatching(/^dlv_[0-9a-f]{24}$/),
      "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      "x-team": "shipping",
    });
    const verify = (changed: object, text = body) =>
      new Webhook(secret).verify(text, { ...headers, ...changed });
    expect(() => verify({}, body.replace("Alice", "Mallory"))).toThrow("No matching signature");
    expect(() => verify({ "webhook-id": "msg_other" })).toThrow("No matching signature");
    const old = Math.floor(Date.now() / 1000) - 3600;
    const signature = new Webhook(secret).sign(headers["webhook-id"] ?? "", new Date(old * 1000), body);
    expect(() => verify({ "webhook-timestamp": String(old), "webhook-signature": signature })).toThrow(
      "too old",
    );
    const other = new Webhook(`whsec_${btoa("another secret of enough bytes..")}`);
    expect(() => other.verify(body, headers)).toThrow("No matching signature");
  });

  it("is signed with the new secret after a rotation", async () => {
    const { id } = await listen(w, box);
    const { secret } = (await w.admin("POST", `/webhooks/${id}/rotate-secret`)).body.data;
    await create();
    await box.messages(1);
    const [{ headers, body } = { headers: {}, body: "" }] = await box.received();
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it("is listed with its attempts, and the first KiB of each response", async () => {
    await box.react({ fallback: { status: 202, body: "é".repeat(2000) } });
    const { id } = await listen(w, box);
    await create();
    const delivery = await untilNewest(w, id, { status: "SUCCEEDED" });
    expect(delivery).toEqual({
      id: expect.any(String),
      messageId: expect.any(String),
      type: "record.created",
      entity: "Customer",
      recordId: 1,
      status: "SUCCEEDED",
      createdAt: expect.any(String),
      nextAttemptAt: null,
      attempts: [
        {
          at: expect.any(String),
          durationMs: expect.any(Number),
          statusCode: 202,
          response: "é".repeat(512),
          error: null,
        },
      ],
    });
    const [received] = await box.received();
    expect(received?.headers).toMatchObject({
      "webhook-id": delivery.messageId,
      "x-schemastack-delivery-id": delivery.id,
    });
  });

  it("follows no redirect", async () => {
    const elsewhere = makeMailbox();
    await box.react({ fallback: { status: 307, headers: { Location: elsewhere.url } } });
    const { id } = await listen(w, box);
    await create();
    const delivery = await untilNewest(w, id, { status: "PENDING", attempts: [{ statusCode: 307 }] });
    expect(delivery.attempts[0].error).toBeNull();
    expect(await elsewhere.received()).toEqual([]);
  });

  it("is not sent when its destination is no longer allowed", async () => {
    const { id } = await listen(w, box);
    await runSql("UPDATE webhooks SET url = 'https://user:pass@example.com/' WHERE id = ?", [id]);
    await create();
    const delivery = await untilNewest(w, id, { attempts: [{ statusCode: null }] });
    expect(delivery.attempts[0].error).toBe("not sent: the URL must not contain credentials");
  });

  it("fails when nobody listens, and says why", async () => {
    const { id } = await listen(w, { url: "http://127.0.0.1:1/" });
    await create();
    const delivery = await untilNewest(w, id, { attempts: [{ statusCode: null, response: null }] });
    expect(delivery.attempts[0].error).toMatch(/^no connection: /);
  });
});

describe("a redelivery", () => {
  it("sends the message again, without the records that every webhook has received", async () => {
    const { id } = await listen(w, box);
    await create();
    const { id: deliveryId } = await untilNewest(w, id, { status: "SUCCEEDED" });
    const answer = await w.admin("POST", `/webhooks/${id}/deliveries/${deliveryId}/redeliver`);
    expect(expectStatus(answer, 202).body).toEqual({ data: { deliveryId } });
    const [first, second] = await box.messages(2);
    const data = { ...first.data, record: null, previous: null, omitted: true };
    expect(second).toEqual({ ...first, data });
    const [one, two] = await box.received();
    expect(two?.headers["webhook-id"]).toBe(one?.headers["webhook-id"]);
    expect((await untilNewest(w, id, { status: "SUCCEEDED" })).attempts).toHaveLength(2);
  });

  it("works for deliveries of this webhook only", async () => {
    const { id } = await listen(w, box);
    const other = await listen(w, makeMailbox());
    await create();
    const { id: deliveryId } = await untilNewest(w, id, { status: "SUCCEEDED" });
    const path = `/deliveries/${deliveryId}/redeliver`;
    expectFailure(await w.admin("POST", `/webhooks/${other.id}${path}`), 404, {
      code: "NOT_FOUND",
      message: `Delivery not found: ${deliveryId}`,
    });
    expectFailure(await w.admin("POST", `/webhooks/whk_none${path}`), 404, {
      code: "NOT_FOUND",
      message: "Webhook not found: whk_none",
    });
  });
});

describe("sending chosen records", () => {
  const send = (id: string, body: object) => w.admin("POST", `/webhooks/${id}/send`, { body });

  it("delivers them in one signed message", async () => {
    const { id, secret } = await listen(w, box, { events: ["record.deleted"] });
    const records = [await create("a@example.com"), await create("b@example.com")];
    const answer = expectStatus(await send(id, { entity: "Customer", ids: [1, "2"] }), 202).body.data;
    const [message] = await box.messages(1);
    expect(message).toEqual({
      type: "records.sent",
      timestamp: expect.any(String),
      data: {
        organization: w.organization,
        workspace: w.workspace,
        entity: "Customer",
        jobId: answer.jobId,
        records,
      },
    });
    const [{ headers, body } = { headers: {}, body: "" }] = await box.received();
    expect(new Webhook(secret).verify(body, headers)).toEqual(message);
    await untilNewest(w, id, {
      id: answer.deliveryId,
      type: "records.sent",
      status: "SUCCEEDED",
      recordId: null,
    });
  });

  it("refuses missing records", async () => {
    const { id } = await listen(w, box);
    const missing = { code: "NOT_FOUND", message: "Record not found: 7" };
    expectFailure(await send(id, { entity: "Customer", ids: [7] }), 404, missing);
    expectFailure(await send(id, { entity: "Nothing", ids: [7] }), 404, {
      code: "NOT_FOUND",
      message: "Entity not found: Nothing",
    });
    expectStatus(await send("whk_none", { entity: "Customer", ids: [1] }), 404);
    expectStatus(await send(id, { entity: "Customer", ids: [] }), 422);
    expectStatus(await w.admin("PATCH", `/webhooks/${id}`, { body: { enabled: false } }), 200);
    expectStatus(await send(id, { entity: "Customer", ids: [7] }), 400);
  });
});
