import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/errors/app-error.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { EXPORT_CHUNK_SIZE, MAX_EXPAND_DEPTH } from "../../../src/query/limits.ts";
import { planAggregate } from "../../../src/query/plan/plan-aggregate.ts";
import { planExport, planList, planRecordView } from "../../../src/query/plan/plan-list.ts";
import { compileAggregate } from "../../../src/query/sql/aggregate/compile-aggregate.ts";
import { compileChunk, compileList } from "../../../src/query/sql/page/compile-list.ts";
import { compileRecordView } from "../../../src/query/sql/record/compile-record-view.ts";
import { treeOf } from "../../support/query/arbitrary.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";
import { reference, sketchCatalog } from "../../support/sketch-catalog.ts";

const catalog = shopCatalog();
const { database } = sampleWorld(catalog, 7);
const target = targetIn(catalog, "Order");

const word = fc.constantFrom(
  ...[
    "id",
    "number",
    "status",
    "total",
    "note",
    "customer",
    "lineItems",
    "tags",
    "email",
    "country",
    "sku",
    "balance",
  ],
  ...[
    "eq",
    "in",
    "between",
    "isNull",
    "like",
    "gt",
    "asc",
    "desc",
    "nullsLast",
    "count",
    "sum",
    "PAID",
    "1",
    "-1",
    "1e999",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "",
    "'",
    '"',
    "]",
    "[",
    "\u0000",
    "\ud800",
    "😀",
    "%",
    "9".repeat(400),
    "null",
    "{}",
  ],
);
const text = fc
  .array(fc.tuple(word, fc.constantFrom("", ".", ",", "..", "]", "[", " ", '"')), { maxLength: 5 })
  .map((parts) => parts.flat().join(""));
const value = fc.oneof(text, fc.string({ unit: "binary" }), fc.json());
const name = fc.oneof(
  fc.constantFrom(
    "page",
    "size",
    "count",
    "cursor",
    "sort",
    "filter",
    "fields",
    "expand",
    "measure",
    "groupBy",
    "format",
  ),
  text.map((inner) => `filter[${inner}]`),
);
const parameters = fc.array(fc.tuple(name, value), { maxLength: 4 });

const requests = {
  list: (params: URLSearchParams) => compileList(planList(target, params)),
  aggregate: (params: URLSearchParams) => compileAggregate(planAggregate(target, params)),
  export: (params: URLSearchParams) => compileChunk(planExport(target, params), null, EXPORT_CHUNK_SIZE),
};

describe("whatever is sent", () => {
  it.each(Object.entries(requests))("to %s is answered, or refused as a bad request", (_, compile) => {
    fc.assert(
      fc.property(parameters, (pairs) => {
        try {
          database.answer<unknown>(compile(new URLSearchParams(pairs)));
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect(error).toMatchObject({ code: "BAD_REQUEST" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("a filter only ever narrows", () => {
    const order = entityOf(catalog, "Order");
    const tree = treeOf(catalog, order, { hops: 2, depth: 2 });
    const idsOf = (filters: readonly object[]) => {
      const params = new URLSearchParams({
        fields: "id",
        size: "1000",
        filter: JSON.stringify({ and: filters }),
      });
      return database.answer(compileList(planList(target, params))).data.map(({ id }) => Number(id));
    };
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        const narrowed = idsOf([one, other]);
        expect(idsOf([one])).toEqual(expect.arrayContaining(narrowed));
      }),
    );
  });

  it("the largest filter that is allowed runs", () => {
    const list = Array.from({ length: 500 }, (_, index) => index).join(",");
    const params = new URLSearchParams(
      Array.from({ length: 50 }, () => ["filter[customer.referrer.id.notIn]", list]),
    );
    expect(database.answer(compileList(planList(target, params))).data).toBeDefined();
  });
});

describe("ways through relationships", () => {
  const names = ["a", "b", "c", "d"];
  const graph = sketchCatalog([
    {
      name: "Node",
      columns: names.map((name) => reference(`${name}Id`, "Node", { relationship: name, inverse: null })),
    },
  ]);
  const node = targetIn(graph, "Node");
  const nodes = new TestDatabase(graph);
  nodes.insert(node.entity, {});
  for (let id = 2; id <= 9; id++) nodes.insert(node.entity, { aId: 1, bId: id - 1, cId: id, dId: id });

  /** Every path of three, ordered so that paths with a common beginning are neighbours. */
  const paths = names.flatMap((one) =>
    names.flatMap((two) => names.map((three) => `${one}.${two}.${three}.id`)),
  );
  const aggregate = (query: string) =>
    nodes.answer(compileAggregate(planAggregate(node, new URLSearchParams(query)))).data;
  const measuresOf = (count: number) =>
    paths
      .slice(0, count)
      .map((path) => `measure=max,${path}`)
      .join("&");

  it("an aggregate takes as many as the database can join, shared ones counted once", () => {
    // 46 paths go through 46 last relationships, 12 before those, and 3 first ones; two more make the limit.
    const most = `${measuresOf(46)}&measure=min,d.a.id&groupBy=d.a.id,a.a.id,b.b.b.id`;
    expect(aggregate(most).length).toBeGreaterThan(0);
    expect(() => aggregate(`${most}&measure=max,d.b.id`)).toThrow(
      "Measures and groups go through more than 63 relationships together — ask in several requests",
    );
    expect(() => aggregate(measuresOf(50))).toThrow(AppError);
  });

  it("a list takes as many as its sort keys have, beside those of its filter", () => {
    const sort = paths.filter((_, index) => index % 9 === 0).map((path) => `sort=${path}`);
    const filter = paths.slice(0, 50).map((path) => `filter[${path}.isNull]=`);
    const query = [...sort.slice(0, 8), ...filter, "fields=id", "cursor="].join("&");
    const { data } = nodes.answer(compileList(planList(node, new URLSearchParams(query))));
    expect(data).toEqual([{ id: 1 }]);
  });
});

describe("the deepest expansion that is allowed", () => {
  const depth = Array.from({ length: MAX_EXPAND_DEPTH });
  const chain = (name: string) => depth.map(() => name).join(".");

  it.each([3, 95, 190])("runs over %i columns", (width) => {
    const columns = Array.from({ length: width }, (_, index) => ({
      name: `f${index}`,
      type: "DOUBLE" as const,
    }));
    const deep = sketchCatalog(
      [
        {
          name: "Node",
          columns: [
            ...columns,
            { name: "text", type: "TEXT" },
            reference("upId", "Node", { relationship: "up", inverse: "down" }),
          ],
          relationships: [
            { name: "linked", type: "MANY_TO_MANY", through: "Link", source: "fromId", target: "toId" },
          ],
        },
        {
          name: "Link",
          columns: [
            reference("fromId", "Node", { relationship: "from", inverse: null }),
            reference("toId", "Node", { relationship: "to", inverse: null }),
          ],
        },
      ],
      MAX_EXPAND_DEPTH,
    );
    const root = targetIn(deep, "Node");
    const db = new TestDatabase(deep);
    for (let id = 1; id <= 6; id++) db.insert(root.entity, { f0: 0.5, upId: id > 1 ? id - 1 : null });
    const params = new URLSearchParams({ expand: [chain("up"), chain("down"), chain("linked")].join() });
    const plan = planRecordView(root, params);
    const record = db.show(compileRecordView(plan, 6))?.record;
    const top = depth.reduce<JsonObject | undefined>((at) => at?.up as JsonObject, record);
    expect(top).toMatchObject({ id: 1, f0: 0.5, f1: null, upId: null });
    const sorted = `sort=up.up.up.f1&filter[linked.linked.linked.id.notIn]=7&cursor=&${params}`;
    expect(db.answer(compileList(planList(root, new URLSearchParams(sorted)))).data).toHaveLength(0);
    const afterNulls = compileChunk(planList(root, new URLSearchParams(`sort=upId&${params}`)), [3, 4], 2);
    expect(db.answer(afterNulls).records.map(({ id }) => id)).toEqual([5, 6]);
  });
});
