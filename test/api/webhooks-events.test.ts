import { beforeEach, describe, expect, it } from "vitest";
import { sendStatements } from "../../src/db/webhook-queue.ts";
import { askCounted, expectStatus } from "../support/api.ts";
import { database, runSql } from "../support/database.ts";
import { alice, customer, order } from "../support/entities.ts";
import { typeColumns, typeSamples } from "../support/type-samples.ts";
import { listen, makeMailbox, type TestMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Exactly the changes that were made become events, whatever made them, with records as the API shows them. */

const line = {
  name: "Line",
  columns: [
    { name: "sku", type: "VARCHAR" },
    { name: "orderId", references: { entity: "Order", onDelete: "CASCADE" } },
    { name: "giftForId", references: { entity: "Customer", onDelete: "SET_NULL" } },
  ],
};

let w: TestWorkspace;
let box: TestMailbox;
beforeEach(async () => {
  w = await makeWorkspace(customer, order, line);
  box = makeMailbox();
});

const create = async (entity: string, body: object) =>
  expectStatus(await w.api("POST", `/${entity}`, { body }), 201).body.data;

/** `["record.created Customer 1"]`, sorted where there is no order: changes of different records. */
const changesIn = (messages: readonly { type: string; data: { entity: string; id: unknown } }[]) =>
  messages.map(({ type, data }) => `${type} ${data.entity} ${data.id}`).sort();

describe("a message", () => {
  it("contains the record as the API returns it, and as it was before", async () => {
    await listen(w, box);
    const created = await create("Customer", alice);
    const updated = (await w.api("PUT", "/Customer/1", { body: { age: 31 } })).body.data;
    expectStatus(await w.api("DELETE", "/Customer/1"), 204);
    const { organization, workspace } = w;
    const common = { organization, workspace, entity: "Customer", id: 1 };
    expect(await box.messages(3)).toEqual([
      {
        type: "record.created",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        data: { ...common, record: created, previous: null },
      },
      {
        type: "record.updated",
        timestamp: expect.any(String),
        data: { ...common, record: updated, previous: created },
      },
      {
        type: "record.deleted",
        timestamp: expect.any(String),
        data: { ...common, record: null, previous: updated },
      },
    ]);
  });

  it.each(Object.entries(typeSamples))("holds every %s as the API answers it", async (field, values) => {
    await w.define({ name: "Everything", columns: typeColumns });
    await listen(w, box);
    const created = [];
    for (const value of values) created.push(await create("Everything", { [field]: value }));
    const messages = await box.messages(values.length);
    for (const record of created) {
      const message = messages.find(({ data }) => data.id === record.id);
      expect(message.data.record).toEqual(record);
    }
  });

  it("names the entity by its name at the time of the change", async () => {
    await listen(w, box);
    await create("Customer", alice);
    expectStatus(await w.admin("PATCH", "/entities/Customer", { body: { name: "Client" } }), 200);
    expectStatus(await w.api("PUT", "/Client/1", { body: { age: 1 } }), 200);
    expect(changesIn(await box.messages(2))).toEqual([
      "record.created Customer 1",
      "record.updated Client 1",
    ]);
  });

  it("gives UUIDs as ids where those are the ids", async () => {
    await w.define({ name: "Thing", idType: "UUID", columns: [{ name: "name", type: "TEXT" }] });
    await listen(w, box);
    const created = await create("Thing", { name: "x" });
    const [message] = await box.messages(1);
    expect(message.data).toMatchObject({ id: created.id, record: created });
  });

  it("contains records with 200 columns", async () => {
    const columns = Array.from({ length: 200 }, (_, i) => ({ name: `f${i}`, type: "INTEGER" }));
    await w.define({ name: "Wide", columns });
    await listen(w, box);
    const body = Object.fromEntries(columns.map(({ name }, i) => [name, i]));
    const created = await create("Wide", body);
    const updated = (await w.api("PUT", "/Wide/1", { body: { f199: 0 } })).body.data;
    const messages = await box.messages(2);
    expect(messages[0].data.record).toEqual(created);
    expect(messages[1].data.record).toEqual(updated);
    expect(Object.keys(messages[1].data.record)).toEqual(Object.keys(updated));
  });
});

describe("every change is an event", () => {
  it("of bulk requests: what succeeded, and nothing else", async () => {
    await listen(w, box);
    const body = [alice, { email: "bob@example.com", name: "Bob" }, { email: alice.email, name: "Twin" }, {}];
    expect((await w.api("POST", "/Customer/bulk", { body })).body).toMatchObject({ succeeded: 2 });
    const upserts = [
      { email: "bob@example.com", name: "Robert" },
      { email: "eve@example.com", name: "Eve" },
    ];
    expectStatus(await w.api("PUT", "/Customer/bulk?upsertBy=email", { body: upserts }), 200);
    expectStatus(await w.api("DELETE", "/Customer/bulk", { body: [1, 99] }), 200);
    const messages = await box.messages(5);
    expect(messages.map(({ type, data }) => [type, (data.record ?? data.previous).name])).toEqual(
      expect.arrayContaining([
        ["record.created", "Alice"],
        ["record.created", "Bob"],
        ["record.updated", "Robert"],
        ["record.created", "Eve"],
        ["record.deleted", "Alice"],
      ]),
    );
  });

  it("of transactions: all or none", async () => {
    await listen(w, box);
    const first = { method: "POST", entity: "Customer", as: "c", body: alice };
    const second = {
      method: "POST",
      entity: "Order",
      body: { orderNumber: "1", customerId: { $ref: "c.id" } },
    };
    const run = (operations: readonly object[]) => w.api("POST", "/transaction", { body: { operations } });
    expectStatus(await run([first, { ...second, body: { orderNumber: "1", customerId: 77 } }]), 400);
    expectStatus(await run([first, second]), 200);
    const messages = await box.messages(2);
    expect(messages.map(({ data }) => data.entity).sort()).toEqual(["Customer", "Order"]);
  });

  it("of cascades: what is deleted with another record, and what is emptied by it", async () => {
    await create("Customer", alice);
    await create("Customer", { email: "bob@example.com", name: "Bob" });
    await create("Order", { orderNumber: "1", customerId: 1 });
    await create("Line", { sku: "a", orderId: 1, giftForId: 2 });
    await create("Line", { sku: "b", orderId: 1 });
    await listen(w, box, { entities: ["Line"] });
    expectStatus(await w.api("DELETE", "/Customer/2"), 204);
    const [emptied] = await box.messages(1);
    expect(emptied).toMatchObject({
      type: "record.updated",
      data: { id: 1, record: { giftForId: null }, previous: { giftForId: 2 } },
    });
    expectStatus(await w.api("DELETE", "/Order/1"), 204);
    const all = changesIn(await box.messages(3));
    expect(all).toEqual(["record.deleted Line 1", "record.deleted Line 2", "record.updated Line 1"]);
  });

  it("but not a write that leaves every field as it was", async () => {
    await listen(w, box);
    await create("Customer", alice);
    const before = await w.api("GET", "/Customer/1");
    const after = expectStatus(await w.api("PUT", "/Customer/1", { body: alice }), 200);
    expect(after.headers.get("ETag")).not.toBe(before.headers.get("ETag"));
    expectStatus(await w.api("PUT", "/Customer/1", { body: {} }), 200);
    expectStatus(await w.api("PUT", "/Customer/1", { body: { age: null } }), 200);
    expect(changesIn(await box.messages(2))).toEqual([
      "record.created Customer 1",
      "record.updated Customer 1",
    ]);
  });

  it("and no refused one is", async () => {
    await listen(w, box);
    await create("Customer", alice);
    expectStatus(await w.api("POST", "/Customer", { body: alice }), 409);
    expectStatus(await w.api("POST", "/Order", { body: { orderNumber: "1", customerId: 9 } }), 400);
    expectStatus(
      await w.api("PUT", "/Customer/1", { body: { age: 1 }, headers: { "If-Match": '"9"' } }),
      412,
    );
    await create("Customer", { email: "last@example.com", name: "Last" });
    expect(changesIn(await box.messages(2))).toEqual([
      "record.created Customer 1",
      "record.created Customer 2",
    ]);
  });
});

describe("a webhook hears", () => {
  it("only of the events and entities that it listens to", async () => {
    const orders = makeMailbox();
    await listen(w, box, { events: ["record.deleted"], entities: ["Customer"] });
    await listen(w, orders, { events: ["record.created"], entities: ["Order"] });
    await create("Customer", alice);
    await create("Order", { orderNumber: "1", customerId: 1 });
    expectStatus(await w.api("PUT", "/Order/1", { body: { status: "PAID" } }), 200);
    expectStatus(await w.api("DELETE", "/Order/1"), 204);
    expectStatus(await w.api("DELETE", "/Customer/1"), 204);
    expect(changesIn(await orders.messages(1))).toEqual(["record.created Order 1"]);
    expect(changesIn(await box.messages(1))).toEqual(["record.deleted Customer 1"]);
  });

  it("of entities that are made later, when it listens to all", async () => {
    await listen(w, box);
    await w.define({ name: "Later", columns: [{ name: "name", type: "TEXT" }] });
    await create("Later", { name: "x" });
    expect(changesIn(await box.messages(1))).toEqual(["record.created Later 1"]);
  });

  it("of a change from the next request on, and of nothing once it is disabled", async () => {
    const { id } = await listen(w, box, { entities: ["Order"] });
    const patch = async (body: object) =>
      expectStatus(await w.admin("PATCH", `/webhooks/${id}`, { body }), 200);
    await create("Customer", alice);
    await patch({ entities: ["Customer"] });
    expectStatus(await w.api("PUT", "/Customer/1", { body: { age: 1 } }), 200);
    await patch({ enabled: false });
    expectStatus(await w.api("PUT", "/Customer/1", { body: { age: 2 } }), 200);
    await patch({ enabled: true });
    expectStatus(await w.api("PUT", "/Customer/1", { body: { age: 3 } }), 200);
    const ages = (await box.messages(2)).map(({ data }) => data.record.age);
    expect(ages).toEqual([1, 3]);
  });
});

describe("a schema change", () => {
  it("sends no event; later events have the new shape", async () => {
    const { id } = await listen(w, box, { entities: ["Customer"] });
    await create("Customer", alice);
    await box.messages(1);
    const columns = "/entities/Customer/columns";
    const change = async (method: string, path: string, body?: object) =>
      expect((await w.admin(method, columns + path, { body })).status).toBeLessThan(300);
    await change("PATCH", "/age", { type: "VARCHAR" });
    await change("PATCH", "/name", { name: "title", columnName: "title" });
    await change("POST", "", { name: "score", type: "DOUBLE", nullable: false, default: 0.1 });
    await change("DELETE", "/vip?confirm=vip");
    const path = "/entities/Customer";
    expectStatus(await w.admin("PATCH", path, { body: { name: "Client", tableName: "clients" } }), 200);
    const updated = expectStatus(await w.api("PUT", "/Client/1", { body: { title: "Al" } }), 200).body.data;
    expect(updated).toEqual({ id: 1, email: alice.email, title: "Al", age: "30", score: 0.1 });
    const [, message] = await box.messages(2);
    expect(message.data).toMatchObject({ entity: "Client", record: updated });
    expect(message.data.previous).toEqual({ ...updated, title: "Alice" });
    expect((await w.admin("GET", `/webhooks/${id}`)).body.data.entities).toEqual(["Client"]);
    expectStatus(await w.admin("DELETE", "/entities/Line?confirm=Line"), 204);
    expectStatus(await w.admin("DELETE", "/entities/Order?confirm=Order"), 204);
    expectStatus(await w.admin("DELETE", "/entities/Client?confirm=Client"), 204);
    await box.messages(2);
  });
});

describe("the triggers", () => {
  const triggers = async () => {
    const [[id] = []] = await runSql(
      `SELECT w.id FROM workspaces w JOIN organizations o ON o.id = w.organization_id WHERE o.slug = ?`,
      [w.organization],
    );
    const prefix = `w${id}_`;
    const rows = await runSql(
      `SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'webhook_ent%'
        AND substr(tbl_name, 1, ${prefix.length}) = ?`,
      [prefix],
    );
    return rows.length;
  };

  it("exist only while an enabled webhook listens", async () => {
    expect(await triggers()).toBe(0);
    const first = await listen(w, box, { entities: ["Customer"], events: ["record.created"] });
    expect(await triggers()).toBe(1);
    const second = await listen(w, box);
    expect(await triggers()).toBe(9);
    expectStatus(await w.admin("PATCH", `/webhooks/${second.id}`, { body: { enabled: false } }), 200);
    expect(await triggers()).toBe(1);
    expectStatus(await w.admin("DELETE", `/webhooks/${first.id}`), 204);
    expect(await triggers()).toBe(0);
  });

  it("cost a write no round trip", async () => {
    await listen(w, box);
    const asking = { token: w.key, body: alice };
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/Customer`, asking);
    expectStatus(answer, 201);
    expect(roundTrips).toBeLessThanOrEqual(3);
    const warm = await askCounted("PUT", `${w.apiPath}/Customer/1`, { token: w.key, body: { age: 5 } });
    expectStatus(warm.answer, 200);
    expect(warm.roundTrips).toBe(1);
    await box.messages(2);
  });
});

it("chosen records of a webhook whose workspace was deleted meanwhile leave nothing behind", async () => {
  const messageId = crypto.randomUUID();
  const sent = { webhookId: "whk_gone", deliveryId: "dlv_gone", messageId, entityId: "e", entityName: "E" };
  const results = await database.write(sendStatements({ ...sent, type: "records.sent", record: "{}" }));
  expect(results.at(-1)).toEqual([]);
  expect(await runSql("SELECT id FROM webhook_events WHERE message_id = ?", [messageId])).toEqual([]);
});
