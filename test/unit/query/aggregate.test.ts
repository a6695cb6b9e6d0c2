import { describe, expect, it } from "vitest";
import { planAggregate } from "../../../src/query/plan/plan-aggregate.ts";
import { compileAggregate } from "../../../src/query/sql/aggregate/compile-aggregate.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";

const catalog = shopCatalog();
const database = new TestDatabase(catalog);
for (const [email, country, balance, score] of [
  ["a", "PT", 9223372036854775807n, 0.5],
  ["b", "PT", 9223372036854775807n, 1.5],
  ["c", null, -9223372036854775807n, null],
] as const) {
  database.insert(entityOf(catalog, "Customer"), { email, country, balance, score });
}
for (const [status, total, customerId] of [
  ["PAID", 10, 1],
  ["PAID", 20, 3],
  ["NEW", null, 2],
  ["SHIPPED", -5, null],
] as const) {
  database.insert(entityOf(catalog, "Order"), { number: 1, status, total, customerId });
}

const aggregate = (name: string, query: string) =>
  database.answer(compileAggregate(planAggregate(targetIn(catalog, name), new URLSearchParams(query)))).data;

describe("aggregates", () => {
  it("measure the groups of the filtered records, ordered by group", () => {
    expect(aggregate("Order", "measure=count&measure=sum,total&measure=avg,total&groupBy=status")).toEqual([
      { status: "NEW", count: 1, sum: { total: null }, avg: { total: null } },
      { status: "PAID", count: 2, sum: { total: 0.3 }, avg: { total: 0.15 } },
      { status: "SHIPPED", count: 1, sum: { total: -0.05 }, avg: { total: -0.05 } },
    ]);
    expect(aggregate("Order", "measure=count&filter[status.neq]=PAID")).toEqual([{ count: 2 }]);
  });

  it("sort by measures and groups, nulls as asked", () => {
    const statuses = (sort: string) =>
      aggregate("Order", `measure=count&measure=sum,total&groupBy=status&${sort}`).map(
        ({ status }) => status,
      );
    expect(statuses("sort=count,desc")).toEqual(["PAID", "NEW", "SHIPPED"]);
    expect(statuses("sort=sum.total,desc,nullsFirst")).toEqual(["NEW", "PAID", "SHIPPED"]);
    expect(statuses("sort=status,desc")).toEqual(["SHIPPED", "PAID", "NEW"]);
  });

  it("group through to-one relationships", () => {
    expect(aggregate("Order", "measure=count&groupBy=customer.country")).toEqual([
      { "customer.country": null, count: 2 },
      { "customer.country": "PT", count: 2 },
    ]);
  });

  it("sum 64-bit integers exactly, where SQLite's own SUM overflows", () => {
    expect(aggregate("Customer", "measure=sum,balance&groupBy=country")).toEqual([
      { country: null, sum: { balance: "-9223372036854775807" } },
      { country: "PT", sum: { balance: "18446744073709551614" } },
    ]);
  });

  it("have min, max and countDistinct in the type's own form", () => {
    expect(
      aggregate(
        "Customer",
        "measure=min,balance&measure=max,score&measure=avg,score&measure=countDistinct,country",
      ),
    ).toEqual([
      {
        min: { balance: "-9223372036854775807" },
        max: { score: 1.5 },
        avg: { score: 1 },
        countDistinct: { country: 1 },
      },
    ]);
  });

  it("of doubles may overflow in between, and are refused if the result overflows", () => {
    const scores = (...values: readonly (number | null)[]) => {
      const db = new TestDatabase(catalog);
      for (const [index, score] of values.entries())
        db.insert(entityOf(catalog, "Customer"), { email: `${index}`, score });
      return (query: string) =>
        db.answer(compileAggregate(planAggregate(targetIn(catalog, "Customer"), new URLSearchParams(query))))
          .data;
    };
    const most = Number.MAX_VALUE;
    const refused = "The sum of 'score' is larger than any DOUBLE — narrow it with a filter";
    for (const values of [
      [1.7e308, 1.7e308],
      [-most, -most, null],
      [most, most, -1],
    ])
      expect(() => scores(...values)("measure=sum,score")).toThrow(refused);
    const both = "measure=sum,score&measure=avg,score";
    expect(scores(most, most, -most, -most)(both)).toEqual([{ sum: { score: 0 }, avg: { score: 0 } }]);
    expect(scores(1.5e308, 1.5e308, -1.5e308)(both)).toEqual([
      { sum: { score: 1.5e308 }, avg: { score: 5e307 } },
    ]);
    expect(scores(most, most, most)("measure=avg,score")).toEqual([{ avg: { score: most } }]);
    expect(scores(5e-324, null)(both)).toEqual([{ sum: { score: 5e-324 }, avg: { score: 5e-324 } }]);
    expect(scores(null)(both)).toEqual([{ sum: { score: null }, avg: { score: null } }]);
    const sorted = scores(null, -most, most)("measure=avg,score&groupBy=score&sort=avg.score,desc");
    expect(sorted.map(({ score }) => score)).toEqual([most, -most, null]);
  });

  it("keep digits that a number would lose", () => {
    const db = new TestDatabase(catalog);
    for (let id = 0; id < 3; id++)
      db.insert(entityOf(catalog, "Order"), { number: 9007199254740991, status: "NEW", total: 999999999999 });
    const plan = planAggregate(
      targetIn(catalog, "Order"),
      new URLSearchParams("measure=sum,number&measure=sum,total"),
    );
    expect(db.answer(compileAggregate(plan)).data).toEqual([
      { sum: { number: "27021597764222973", total: 29999999999.97 } },
    ]);
  });

  it("refuse more than 1,000 groups instead of cutting them", () => {
    const db = new TestDatabase(catalog);
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
      INSERT INTO w1_orders (number, status) SELECT i, 'NEW' FROM n`);
    const plan = (query: string) =>
      compileAggregate(planAggregate(targetIn(catalog, "Order"), new URLSearchParams(query)));
    expect(() => db.answer(plan("measure=count&groupBy=number"))).toThrow(
      "groupBy=number makes more than 1000 groups — narrow it with a filter",
    );
    expect(db.answer(plan("measure=count&groupBy=number&filter[number.gt]=1")).data).toHaveLength(1000);
  });
});
