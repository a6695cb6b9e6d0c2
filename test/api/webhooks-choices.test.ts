import { beforeEach, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer, order } from "../support/entities.ts";
import { deliveriesOf, listen, makeMailbox, type TestMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
let box: TestMailbox;
beforeEach(async () => {
  w = await makeWorkspace(customer, order);
  box = makeMailbox();
});

const create = async (entity: string, body: object) =>
  expectStatus(await w.api("POST", `/${entity}`, { body }), 201).body.data;
const update = async (path: string, body: object) =>
  expectStatus(await w.api("PUT", path, { body }), 200).body.data;

describe("a webhook's filter", () => {
  const becamePaid = { record: { status: "PAID" }, previous: { status: { neq: "PAID" } } };

  it("sends only the changes that satisfy it, over record and previous", async () => {
    const { id } = await listen(w, box, { entities: ["Order"], filter: becamePaid });
    await create("Customer", alice);
    await create("Order", { orderNumber: "A", customerId: 1 });
    await update("/Order/1", { total: 5 });
    await update("/Order/1", { status: "PAID" });
    await update("/Order/1", { total: 6 });
    await create("Order", { orderNumber: "B", customerId: 1, status: "PAID" });
    expect((await box.messages(2)).map(({ data }) => [data.id, data.record.total])).toEqual([
      [1, 5],
      [2, 0],
    ]);
    await expect.poll(async () => (await deliveriesOf(w, id)).length).toBe(2);
  });

  it.each([
    [{ "record.total": { gte: 10, lt: 20 } }, "15"],
    [{ record: { total: { in: [5, 25] } } }, "5 25"],
    [{ or: [{ record: { orderNumber: { startsWith: "A2" } } }, { record: { total: 5 } }] }, "5 25"],
    [{ not: { record: { status: "NEW" } } }, "25"],
    [{ previous: { id: { isNull: true } }, record: { orderNumber: { ilike: "a1" } } }, "15"],
    [{ previous: { total: 5 } }, ""],
    [{ record: { createdAt: { gt: "2020-01-01T00:00:00Z" }, total: { between: [5, 15] } } }, "5 15"],
  ])("such as %j has the meaning of the filter language", async (filter, totals) => {
    const { id } = await listen(w, box, { entities: ["Order"], filter });
    await create("Customer", alice);
    for (const total of [5, 15, 25]) {
      const status = total === 25 ? "PAID" : "NEW";
      await create("Order", { orderNumber: `A${total}`, customerId: 1, total, status });
    }
    const wanted = totals.split(" ").filter(Boolean);
    const messages = await box.messages(wanted.length);
    expect(messages.map(({ data }) => String(data.record.total)).sort()).toEqual(wanted.toSorted());
    await expect.poll(async () => (await deliveriesOf(w, id)).length).toBe(wanted.length);
  });

  it("follows renames of its fields and of the entity", async () => {
    const { id } = await listen(w, box, { entities: ["Order"], filter: becamePaid });
    await create("Customer", alice);
    const columns = "/entities/Order/columns";
    expectStatus(
      await w.admin("PATCH", `${columns}/status`, { body: { name: "state", columnName: "state" } }),
      200,
    );
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { name: "Sale" } }), 200);
    expect((await w.admin("GET", `/webhooks/${id}`)).body.data).toMatchObject({
      entities: ["Sale"],
      filter: { record: { state: "PAID" }, previous: { state: { neq: "PAID" } } },
    });
    await create("Sale", { orderNumber: "A", customerId: 1 });
    await create("Sale", { orderNumber: "B", customerId: 1, state: "PAID" });
    expect((await box.messages(1))[0].data.record.orderNumber).toBe("B");
  });

  it("is refused with every problem, and needs entities", async () => {
    const details = async (input: object) => {
      const body = { name: "x", url: box.url, events: ["record.created"], entities: ["Order"], ...input };
      return expectStatus(await w.admin("POST", "/webhooks", { body }), 422).body.error.details;
    };
    const wrong = async (filter: object) => (await details({ filter }))[0];
    expect(await details({ entities: null, filter: becamePaid })).toEqual([
      { field: "filter", message: "needs 'entities', to name the entities that it applies to" },
    ]);
    expect(await wrong({ record: { nothing: 1 } })).toMatchObject({
      field: "filter",
      message: expect.stringContaining("Unknown field 'nothing' on Order"),
    });
    expect(await wrong({ status: "PAID" })).toMatchObject({ field: "filter" });
    expect(await wrong({ record: { total: { like: "x" } } })).toMatchObject({ field: "filter" });
    expect(await wrong({ record: { customer: { name: "x" } } })).toEqual({
      field: "filter",
      message: "'customer' leads to another record — a webhook's filter reads fields of the event only",
    });
    expect(await details({ filter: [] })).toEqual([{ field: "filter", message: "must be an object" }]);
    expect(await details({ expand: ["nothing"] })).toMatchObject([{ field: "expand" }]);
  });

  it("compares every digit of a number, and refuses one that it would have to round", async () => {
    const big = { name: "Big", columns: [{ name: "n", type: "BIGINT" }] };
    await w.define(big);
    const filter = { record: { n: { gt: "9007199254740992" } } };
    const { id } = await listen(w, box, { entities: ["Big"], filter });
    expect((await w.admin("GET", `/webhooks/${id}`)).body.data.filter).toEqual(filter);
    for (const n of ["9007199254740991", "9007199254740993", "9007199254740992"]) await create("Big", { n });
    expect((await box.messages(1)).map(({ data }) => data.record.n)).toEqual(["9007199254740993"]);
    await expect.poll(async () => (await deliveriesOf(w, id)).length, { timeout: 20_000 }).toBe(1);
    const body = `{"name":"x","url":"${box.url}","events":["record.created"],"entities":["Big"],"filter":{"record":{"n":9007199254740993}}}`;
    const refused = expectStatus(await w.admin("POST", "/webhooks", { body }), 422);
    expect(refused.body.error.details).toEqual([
      { field: "filter.record.n", message: "cannot be stored exactly: send it as a string" },
    ]);
  });

  it("is checked again when the entities change, and removed by null", async () => {
    const { id } = await listen(w, box, { entities: ["Order"], filter: becamePaid });
    const patch = (body: object) => w.admin("PATCH", `/webhooks/${id}`, { body });
    expectStatus(await patch({ entities: ["Order", "Customer"] }), 422);
    expectStatus(await patch({ name: "Other" }), 200);
    const removed = expectStatus(await patch({ filter: null, entities: ["Customer"] }), 200).body.data;
    expect(removed).toMatchObject({ filter: null, entities: ["Customer"] });
  });
});

describe("a webhook's expansions", () => {
  it("are made at delivery and marked", async () => {
    await listen(w, box, { entities: ["Order"], events: ["record.created"], expand: ["customer.orders"] });
    const { id: _, ...sent } = await create("Customer", alice);
    const made = await create("Order", { orderNumber: "A", customerId: 1 });
    const [message] = await box.messages(1);
    expect(message.data.record).toEqual({ ...made, customer: { id: 1, ...sent, orders: [made] } });
    expect(Date.parse(message.data.expandedAt)).toBeGreaterThanOrEqual(Date.parse(message.timestamp) - 1);
  });

  it("are absent if the record was deleted, as expandedAt says", async () => {
    await listen(w, box, { entities: ["Order"], events: ["record.deleted"], expand: ["customer"] });
    await create("Customer", alice);
    await create("Order", { orderNumber: "A", customerId: 1 });
    expectStatus(await w.api("DELETE", "/Order/1"), 204);
    const [message] = await box.messages(1);
    expect(message.data).toMatchObject({ record: null, expandedAt: null });
  });

  it("follow the rename of the relationship", async () => {
    const { id } = await listen(w, box, { entities: ["Order"], expand: ["customer"] });
    const references = { entity: "Customer", relationship: "buyer", inverse: "orders", onDelete: "RESTRICT" };
    const column = "/entities/Order/columns/customerId";
    expectStatus(await w.admin("PATCH", column, { body: { references } }), 200);
    expect((await w.admin("GET", `/webhooks/${id}`)).body.data.expand).toEqual(["buyer"]);
    await create("Customer", alice);
    await create("Order", { orderNumber: "A", customerId: 1 });
    const [message] = await box.messages(1);
    expect(message.data.record.buyer).toMatchObject(alice);
  });
});

describe("Retry-After of the receiver", () => {
  const pausedFor = async (id: string) => {
    const [[seconds] = []] = await runSql(
      "SELECT (julianday(paused_until) - julianday('now')) * 86400 FROM webhooks WHERE id = ?",
      [id],
    );
    return Number(seconds);
  };

  it.each([
    [429, "3600", 3600],
    [503, new Date(Date.now() + 7_200_000).toUTCString(), 7200],
    [503, "99999999", 86_400],
  ])("with %i %s pauses all deliveries of the webhook", async (status, retryAfter, seconds) => {
    const { id } = await listen(w, box);
    await box.react({ reactions: [{ status, headers: { "Retry-After": retryAfter } }] });
    await create("Customer", alice);
    await expect.poll(() => pausedFor(id)).toBeGreaterThan(seconds - 60);
    expect(await pausedFor(id)).toBeLessThanOrEqual(seconds + 1);
    const [delivery] = await deliveriesOf(w, id);
    const wait = (Date.parse(delivery.nextAttemptAt) - Date.parse(delivery.attempts[0].at)) / 1000;
    expect(Math.abs(wait - seconds)).toBeLessThan(60);
    await create("Customer", { ...alice, email: "b@example.com" });
    const path = `/webhooks/${id}/deliveries/${delivery.id}/redeliver`;
    expect(await box.received()).toHaveLength(1);
    expectStatus(await w.admin("POST", path), 202);
    const emails = (await box.messages(3)).map(({ data }) => data.record.email);
    expect(emails).toEqual([alice.email, ...emails.slice(1)]);
  });

  it.each([
    [500, "3600"],
    [503, "soon"],
    [503, "-5"],
  ])("with %i %s changes nothing", async (status, retryAfter) => {
    const { id } = await listen(w, box);
    await box.react({ reactions: [{ status, headers: { "Retry-After": retryAfter } }] });
    await create("Customer", alice);
    await expect.poll(async () => (await deliveriesOf(w, id))[0]?.attempts.length).toBe(1);
    const [delivery] = await deliveriesOf(w, id);
    const wait = (Date.parse(delivery.nextAttemptAt) - Date.parse(delivery.attempts[0].at)) / 1000;
    expect(wait).toBeLessThan(20);
    expect(await pausedFor(id)).toBe(0);
  });
});
