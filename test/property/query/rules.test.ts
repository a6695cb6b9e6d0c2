import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Access, OPERATIONS } from "../../../src/model/access.ts";
import type { JsonObject, JsonValue } from "../../../src/model/json.ts";
import { planAggregate } from "../../../src/query/plan/plan-aggregate.ts";
import { EVERYTHING } from "../../../src/query/plan/predicate.ts";
import type { QueryTarget, ReadScope } from "../../../src/query/plan/target.ts";
import { treeWithIds, treeWithNames } from "../../../src/query/rules/rule-names.ts";
import { type Visible, visibleTo } from "../../../src/query/rules/visible.ts";
import { compileAggregate } from "../../../src/query/sql/aggregate/compile-aggregate.ts";
import { type Compiled, mapStatements } from "../../../src/query/sql/compiled.ts";
import { treeOf } from "../../support/query/arbitrary.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { matches } from "../../support/query/evaluate.ts";
import { compileListOf, entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";

/*
 * A principal sees of a database with invisible records what everybody sees of one that never had them. An evaluator in
 * memory makes the second database, which has references to missing records.
 */

const catalog = shopCatalog();
const { world, database } = sampleWorld(catalog, 7);
const NAMES = [...catalog.entities.keys()];
const RUNS = { numRuns: Number(process.env.RUNS ?? 120) };
const NOW = new Date("2026-02-28T13:05:00.000Z");

type Rules = Readonly<Record<string, JsonObject | null>>;

const rulesArbitrary: fc.Arbitrary<Rules> = fc.record(
  Object.fromEntries(
    NAMES.map((name) => [
      name,
      fc.option(treeOf(catalog, entityOf(catalog, name), { hops: 2, depth: 2 }), { freq: 3 }),
    ]),
  ),
);

function accessWith(rules: Rules, claims: JsonObject = {}): Access {
  const scopes = NAMES.map((name) => {
    const entity = entityOf(catalog, name);
    const rule = rules[name];
    const filter = rule && treeWithIds(catalog, entity, rule);
    return { entityId: entity.id, operations: OPERATIONS, ...(filter && { filter }) };
  });
  return {
    isWhole: false,
    isAllowed: () => true,
    layers: [scopes],
    who: "KEY",
    mayMintTokens: false,
    claims,
  };
}

function databaseWith(isVisible: (name: string, record: World[string][number]) => boolean): TestDatabase {
  const visible = new TestDatabase(catalog);
  visible.transaction(() => {
    for (const name of NAMES) {
      for (const record of world.records[name] ?? [])
        if (isVisible(name, record)) visible.insert(entityOf(catalog, name), record);
    }
  });
  return visible;
}
type World = typeof world.records;

/** A reference to a missing record must behave like one to a record that does not exist for a principal. */
const NARROWED: ReadScope = { canRead: () => true, rowsOf: () => EVERYTHING };

const queryArbitrary = fc
  .record({
    filter: treeOf(catalog, entityOf(catalog, "Order"), { hops: 3, depth: 2 }),
    sort: fc.constantFrom("", "number", "customer.country,desc", "customer.referrer.score", "dueAt,desc"),
    expand: fc.constantFrom("", "customer.referrer", "lineItems,tags", "customer.orders.tags"),
    page: fc.constantFrom("page=0&size=5", "page=1&size=7", "cursor=&size=4", "page=0&size=1000"),
  })
  .map(({ filter, sort, expand, page }) => {
    const params = new URLSearchParams(page);
    params.set("filter", JSON.stringify(filter));
    if (sort) params.set("sort", sort);
    if (expand) params.set("expand", expand);
    return params.toString();
  });

const bound = <T>({ bind }: Visible, compiled: Compiled<T>): Compiled<T> => mapStatements(compiled, bind);

const aggregateOf = (target: QueryTarget, query: string) =>
  compileAggregate(planAggregate(target, new URLSearchParams(query)));

describe("a principal with row rules", () => {
  it("gets the lists, totals, expansions and cursors of a database without the other records", () => {
    fc.assert(
      fc.property(rulesArbitrary, queryArbitrary, (rules, query) => {
        const visible = visibleTo(catalog, accessWith(rules), NOW);
        const others = databaseWith((name, record) => {
          const tree = rules[name];
          return !tree || matches(world, entityOf(catalog, name), { tree, record });
        });
        const target = targetIn(visible.catalog, "Order", visible.scope);
        const without = targetIn(catalog, "Order", NARROWED);
        expect(database.answer(bound(visible, compileListOf(target, query)))).toEqual(
          others.answer(compileListOf(without, query)),
        );
        const groups = "measure=count&measure=sum,total&groupBy=status&groupBy=customer.country";
        expect(database.answer(bound(visible, aggregateOf(target, groups)))).toEqual(
          others.answer(aggregateOf(without, groups)),
        );
      }),
      RUNS,
    );
  });

  it("keeps its rules by ids that lead back to the same names", () => {
    for (const entity of catalog.entities.values()) {
      fc.assert(
        fc.property(treeOf(catalog, entity, { hops: 3, depth: 3 }), (tree) => {
          expect(treeWithNames(catalog, entity, treeWithIds(catalog, entity, tree))).toEqual(tree);
        }),
        RUNS,
      );
    }
  });
});

describe("operands of a rule", () => {
  const COUNTRIES = ["PT", "pt", "é"];
  const numbersOf = (rule: JsonObject, claims: JsonObject) => {
    const visible = visibleTo(catalog, accessWith({ Order: rule }, claims), NOW);
    const target = targetIn(visible.catalog, "Order", visible.scope);
    return database.answer(bound(visible, compileListOf(target, "size=1000"))).data.map(({ id }) => id);
  };

  it.each<[JsonObject, JsonObject, JsonValue]>([
    [{ number: { $claim: "n" } }, { n: 5 }, { number: 5 }],
    [{ number: { $claim: "n" } }, { n: "5" }, { number: 5 }],
    [{ number: { lt: { $claim: "a.b" } } }, { a: { b: 5 } }, { number: { lt: 5 } }],
    [{ number: { in: { $claim: "n" } } }, { n: [1, 5, "7", "x", null] }, { number: { in: [1, 5, 7] } }],
    [{ number: { in: [3, { $claim: "n" }] } }, { n: 5 }, { number: { in: [3, 5] } }],
    [{ number: { notIn: { $claim: "n" } } }, { n: [1, 5] }, { number: { notIn: [1, 5] } }],
    [
      { "customer.country": { in: { $claim: "c" } } },
      { c: COUNTRIES },
      { "customer.country": { in: COUNTRIES } },
    ],
    [{ not: { number: { $claim: "n" } } }, { n: 5 }, { not: { number: 5 } }],
    [{ dueAt: { gte: { $now: "-P1D" } } }, {}, { dueAt: { gte: "2026-02-27T13:05:00Z" } }],
    [{ day: { $now: "PT0S" } }, {}, { day: "2026-02-28" }],
    [
      { dueAt: { between: [{ $now: "-P1M" }, { $now: "P1Y" }] } },
      {},
      { dueAt: { between: ["2026-01-28T13:05:00Z", "2027-02-28T13:05:00Z"] } },
    ],
    [{ or: [{ number: { $claim: "n" } }, { status: "PAID" }] }, {}, { status: "PAID" }],
  ])("%j with %j is %j", (rule, claims, meaning) => {
    expect(numbersOf(rule, claims)).toEqual(numbersOf(meaning as JsonObject, {}));
  });

  it.each<[JsonObject, JsonObject]>([
    [{ number: { $claim: "n" } }, {}],
    [{ number: { $claim: "n" } }, { n: null }],
    [{ number: { $claim: "n" } }, { n: "five" }],
    [{ number: { $claim: "n" } }, { n: [5] }],
    [{ number: { $claim: "n" } }, { n: { a: 5 } }],
    [{ number: { $claim: "constructor" } }, {}],
    [{ not: { number: { $claim: "n" } } }, {}],
    [{ number: { neq: { $claim: "n" } } }, {}],
    [{ number: { notIn: { $claim: "n" } } }, {}],
    [{ not: { or: [{ number: { $claim: "n" } }, { status: "NONE" }] } }, {}],
    [{ not: { customer: { country: { $claim: "n" } } } }, {}],
    [{ not: { not: { number: { $claim: "n" } } } }, {}],
    [{ number: { in: { $claim: "n" } } }, { n: [] }],
  ])("%j with %j holds for no record", (rule, claims) => {
    expect(numbersOf(rule, claims)).toEqual([]);
  });
});
