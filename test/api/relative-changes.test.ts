import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const product = {
  name: "Product",
  columns: [
    { name: "sku", type: "VARCHAR", nullable: false, unique: true },
    { name: "stock", type: "INTEGER", nullable: false, default: 0, constraints: [{ type: "MIN", value: 0 }] },
    {
      name: "price",
      type: "DECIMAL",
      precision: 6,
      scale: 2,
      constraints: [{ type: "POSITIVE", message: "must cost something" }],
    },
    { name: "views", type: "BIGINT" },
    { name: "weight", type: "DOUBLE" },
    { name: "tags", type: "JSON" },
    { name: "soldAt", type: "DATETIME" },
    { name: "rank", type: "INTEGER", unique: true },
  ],
};

let workspace: TestWorkspace;
let created = 0;

async function create(fields: object): Promise<number> {
  const { body } = expectStatus(
    await workspace.api("POST", "/Product", { body: { sku: `sku-${created++}`, ...fields } }),
    201,
  );
  return body.data.id;
}

const put = (id: number, body: object) => workspace.api("PUT", `/Product/${id}`, { body });
const get = async (id: number) => (await workspace.api("GET", `/Product/${id}`)).body.data;

async function refusalsOf(id: number, body: object) {
  const before = await get(id);
  const { body: answer } = expectStatus(await put(id, body), 422);
  expect(await get(id)).toEqual(before);
  return answer.error.details;
}

beforeAll(async () => {
  workspace = await makeWorkspace(product);
});

describe("a change relative to the stored value", () => {
  it("adds to numbers of every type, exactly", async () => {
    const id = await create({ stock: 5, price: 0.1, views: "9007199254740993", weight: 0.5 });
    const { body } = await put(id, {
      stock: { $increment: -2 },
      price: { $increment: 0.2 },
      views: { $increment: "2" },
      weight: { $increment: 0.25 },
    });
    expect(body.data).toMatchObject({ stock: 3, price: 0.3, views: "9007199254740995", weight: 0.75 });
  });

  it("is refused when the result breaks a rule of the column, and changes nothing", async () => {
    const id = await create({ stock: 1, price: 9999, views: "9223372036854775807", weight: 1.7e308 });
    expect(await refusalsOf(id, { stock: { $increment: -2 } })).toEqual([
      { field: "stock", message: "must be at least 0" },
    ]);
    expect(await refusalsOf(id, { price: { $increment: 1 } })).toEqual([
      { field: "price", message: "must be at most 9999.99" },
    ]);
    expect(await refusalsOf(id, { price: { $increment: -9999 } })).toEqual([
      { field: "price", message: "must cost something" },
    ]);
    expect(await refusalsOf(id, { views: { $increment: 1 } })).toEqual([
      { field: "views", message: "must be an integer between -9223372036854775808 and 9223372036854775807" },
    ]);
    expect(await refusalsOf(id, { weight: { $increment: 1e308 } })).toEqual([
      { field: "weight", message: "must be a number" },
    ]);
  });

  it("needs a value to start from, or a default", async () => {
    const id = await create({});
    expect(await refusalsOf(id, { views: { $increment: 1 } })).toEqual([
      { field: "views", message: "has no value to change" },
    ]);
    const { body } = await put(id, { views: { $increment: 1, $default: 0 } });
    expect(body.data.views).toBe("1");
  });

  it("never oversells: of 100 clients that take one of 60, 60 succeed", async () => {
    const id = await create({ stock: 60 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => put(id, { stock: { $increment: -1 } })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.filter((status) => status === 422)).toHaveLength(40);
    expect((await get(id)).stock).toBe(0);
  });

  it("appends to a JSON array and removes from it, without rounding its numbers", async () => {
    const id = await create({ tags: ["a", 1, { k: [true, null] }, "a"] });
    expect((await put(id, { tags: { $append: { b: "ä" } } })).body.data.tags).toEqual([
      "a",
      1,
      { k: [true, null] },
      "a",
      { b: "ä" },
    ]);
    expect((await put(id, { tags: { $remove: "a" } })).body.data.tags).toEqual([
      1,
      { k: [true, null] },
      { b: "ä" },
    ]);
    expect((await put(id, { tags: { $remove: { k: [true, null] } } })).body.data.tags).toEqual([
      1,
      { b: "ä" },
    ]);
    const object = await create({ tags: { a: 1 } });
    expect(await refusalsOf(object, { tags: { $append: 1 } })).toEqual([
      { field: "tags", message: "must be an array to take $append or $remove" },
    ]);
    const large = await create({ tags: ["x".repeat(65_000)] });
    expect(await refusalsOf(large, { tags: { $append: "y".repeat(600) } })).toEqual([
      { field: "tags", message: "must be at most 65536 bytes of JSON" },
    ]);
  });

  it("sets a date-time to the time of the request, moved by a duration", async () => {
    const id = await create({ soldAt: { $now: "-P1D" } });
    const yesterday = Date.parse((await get(id)).soldAt);
    const { body } = await put(id, { soldAt: { $now: "PT0S" } });
    const elapsed = Date.parse(body.data.soldAt) - yesterday;
    expect(elapsed).toBeGreaterThanOrEqual(86_400_000);
    expect(elapsed).toBeLessThan(86_400_000 + 60_000);
  });

  it.each([
    [{ stock: { $increment: "1" } }, "stock", "cannot be changed: $increment must be an integer"],
    [{ stock: { $increment: 0.5 } }, "stock", "cannot be changed: $increment must be an integer"],
    [
      { price: { $increment: 0.001 } },
      "price",
      "cannot be changed: $increment must have at most 2 decimal places",
    ],
    [{ stock: { $increment: 1, $max: 2 } }, "stock", "takes $increment and $default, not '$max'"],
    [{ stock: { $incr: 1 } }, "stock", "has no operator '$incr' — use $increment"],
    [{ stock: { $append: 1 } }, "stock", "cannot be changed by $append"],
    [{ tags: { $append: 1, $remove: 2 } }, "tags", "takes $append or $remove, not both"],
    [{ sku: { $now: "PT0S" } }, "sku", "has no operator '$now'"],
    [{ soldAt: { $nwo: "PT0S" } }, "soldAt", "has no operator '$nwo' — use $now"],
    [{ soldAt: { $now: "PT0S", $in: "P1D" } }, "soldAt", "takes $now alone"],
    [{ sku: { $increment: 1 } }, "sku", "cannot be changed by $increment"],
    [{ rank: { $increment: 1 } }, "rank", "cannot be changed by $increment, because it is unique"],
    [{ soldAt: { $now: "now" } }, "soldAt", "needs an ISO 8601 duration in $now, such as 'PT0S' or '-P1D'"],
    [{ soldAt: { $now: "P9999Y" } }, "soldAt", "is out of range"],
    [{ id: { $increment: 1 } }, "id", "cannot be changed"],
  ])("%j is refused with the reason", async (body, field, message) => {
    const id = await create({ stock: 1 });
    expect(await refusalsOf(id, body)).toEqual([{ field, message }]);
  });

  it("works in bulk updates, where a refused item leaves the others alone", async () => {
    const [first, second] = [await create({ stock: 3 }), await create({ stock: 1 })];
    const items = [first, second].map((id) => ({ id, stock: { $increment: -2 } }));
    const { body } = await workspace.api("PUT", "/Product/bulk", { body: items });
    expect(body).toMatchObject({
      succeeded: 1,
      failed: 1,
      errors: [
        {
          index: 1,
          error: { code: "VALIDATION_ERROR", details: [{ field: "stock", message: "must be at least 0" }] },
        },
      ],
    });
    expect([(await get(first)).stock, (await get(second)).stock]).toEqual([1, 1]);
  });

  it("works in upserts: the stored value changes, a new record starts from the default", async () => {
    const id = await create({ sku: "counted", stock: 4 });
    const items = ["counted", "fresh", "bare"].map((sku, i) => ({
      sku,
      stock: i === 2 ? { $increment: 1 } : { $increment: 1, $default: 10 },
    }));
    const { body } = await workspace.api("PUT", "/Product/bulk?upsertBy=sku", {
      body: items,
      headers: { Prefer: "return=representation" },
    });
    expect(body.data).toMatchObject([{ id, stock: 5 }, { sku: "fresh", stock: 11 }, null]);
    expect(body.errors[0].error.details).toEqual([{ field: "stock", message: "has no value to change" }]);
  });

  it("changes an array in an upsert, and creates no record from a change alone", async () => {
    const id = await create({ sku: "listed", tags: ["a"] });
    const body = ["listed", "unlisted"].map((sku) => ({ sku, tags: { $append: "b" } }));
    const answer = await workspace.api("PUT", "/Product/bulk?upsertBy=sku", { body });
    expect(answer.body).toMatchObject({ succeeded: 1, failed: 1, errors: [{ index: 1 }] });
    expect(answer.body.errors[0].error.details).toEqual([
      { field: "tags", message: "has no value to change" },
    ]);
    expect((await get(id)).tags).toEqual(["a", "b"]);
    expectStatus(await workspace.api("GET", "/Product/by/sku/unlisted"), 404);
  });

  it("works in transactions, all or nothing, and is repeated by an Idempotency-Key only once", async () => {
    const [first, second] = [await create({ stock: 5 }), await create({ stock: 1 })];
    const take = (id: number, count: number) => ({
      method: "PUT",
      entity: "Product",
      id,
      body: { stock: { $increment: -count } },
    });
    const { body } = expectStatus(
      await workspace.api("POST", "/transaction", {
        body: { operations: [take(first, 1), take(second, 2)] },
      }),
      422,
    );
    expect(body.error.details).toEqual([{ field: "operations[1].stock", message: "must be at least 0" }]);
    expect((await get(first)).stock).toBe(5);
    const headers = { "Idempotency-Key": "once" };
    for (const _ of [1, 2]) {
      const answer = await workspace.api("PUT", `/Product/${first}`, {
        body: { stock: { $increment: -1 } },
        headers,
      });
      expect(expectStatus(answer, 200).body.data.stock).toBe(4);
    }
    expect((await get(first)).stock).toBe(4);
  });
});
