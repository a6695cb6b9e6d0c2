import { describe, expect, it } from "vitest";
import { ownIndexesOf } from "../../../src/ddl/indexes.ts";
import type { EntityIndex } from "../../../src/model/entity.ts";
import { statementsOf } from "../../../src/query/sql/compiled.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, shopCatalog, targetIn } from "../../support/query/shop.ts";

const catalog = shopCatalog();
const database = new TestDatabase(catalog);
database.exec(`
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
  INSERT INTO w1_customers (email, country) SELECT 'c' || i, 'PT' FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
  INSERT INTO w1_orders (number, status, due_at, customer_id)
    SELECT i, 'NEW', CASE WHEN i > 1500 THEN '2026-01-01T00:00:00.' || (100 + i % 900) || 'Z' END, 1 + i % 20 FROM n;
  INSERT INTO w1_line_items (sku, order_id) SELECT 's' || id, id FROM w1_orders`);
const target = targetIn(catalog, "Order");

/** The steps over the entity's own records, without the outer read of the page by id. */
const stepsOf = (query: string): string[] =>
  statementsOf(compileListOf(target, query)).flatMap((statement) => database.explain(statement).split("\n"));

describe("a filter on an indexed field is a search", () => {
  it.each([
    "filter[number]=5",
    "filter[number.in]=5,6",
    "filter[number.gte]=2990",
    "filter[number.lt]=3",
    "filter[number.between]=5,9",
    "filter[number.gte]=5&filter[number.lte]=9",
    "filter[status]=PAID",
    "filter[customerId]=5",
    "filter[id]=5",
    "filter[id.in]=5,6",
    "filter[dueAt.gt]=2026-01-01T00:00:00Z",
    "filter[customer.email]=c5",
    "filter[customer.email.startsWith]=c5",
    "filter[customer.country]=PT",
    "filter[lineItems.sku]=s5",
    "filter[lineItems.sku.startsWith]=s5",
    'filter={"number":5,"note":{"like":"x"}}',
    'filter={"lineItems":{"sku":"s5","quantity":1}}',
  ])("%s", (query) => {
    const steps = stepsOf(query);
    expect(steps.filter((step) => /^SCAN t/.test(step))).toEqual([]);
    expect(steps.join("\n")).toMatch(/SEARCH t0 USING/);
  });
});

describe("page 0 of an indexed sort reads no more than its page", () => {
  it.each([
    "",
    "sort=id,desc",
    "sort=number",
    "sort=number,desc",
    "sort=dueAt",
    "sort=dueAt,desc",
    "sort=dueAt,asc,nullsLast",
  ])("%s", (query) => {
    const steps = stepsOf(query);
    expect(steps.filter((step) => step === "USE TEMP B-TREE FOR ORDER BY")).toEqual([]);
    expect(steps.filter((step) => step === "SCAN t0")).toEqual(
      query === "" || query === "sort=id,desc" ? ["SCAN t0"] : [],
    );
  });

  it.each(["sort=status,desc", "sort=dueAt,desc", "sort=customerId,desc"])("%s sorts no ties", (query) => {
    const { meta } = database.answer(compileListOf(target, `${query}&size=700&cursor=`));
    const cursor = "nextCursor" in meta ? meta.nextCursor : null;
    const steps = stepsOf(`${query}&cursor=${cursor}`).join("\n");
    expect(steps).toMatch(/SEARCH t0 USING INDEX \w+ \(\w+=\? AND rowid>\?\)/);
    expect(steps).not.toMatch(/TEMP B-TREE|SCAN t\d|MATERIALIZE|SCAN found/);
    /* The values come from the index in its order, as far as the page asks for them. */
    const first = stepsOf(query).join("\n");
    expect(first).toMatch(
      /^CO-ROUTINE runs\nSCAN t1 USING COVERING INDEX \w+\nSCAN runs\nSEARCH t0 USING INDEX \w+ \(\w+=\?\)$/m,
    );
  });

  it("and the count of everything is read from one row", () => {
    expect(stepsOf("size=1").join("\n")).toContain("SEARCH record_counts USING PRIMARY KEY");
    expect(database.answer(compileListOf(target, "size=1")).meta).toMatchObject({ totalElements: 3000 });
  });
});

describe("a cursor enters the index where it left", () => {
  it.each([
    "sort=id",
    "sort=id,desc",
    "sort=number",
    "sort=number,desc",
    "sort=status",
    "sort=number&sort=id,desc",
  ])("%s", (query) => {
    const { meta } = database.answer(compileListOf(target, `${query}&size=1000&cursor=`));
    const cursor = "nextCursor" in meta ? meta.nextCursor : null;
    const steps = stepsOf(`${query}&cursor=${cursor}`).join("\n");
    expect(steps).toMatch(/SEARCH t0 USING (?:(?:COVERING )?INDEX|INTEGER PRIMARY KEY)/);
    expect(steps).not.toMatch(/SCAN t|USE TEMP B-TREE FOR ORDER BY/);
  });
});

describe("an expansion is searched once per parent", () => {
  it("by the reference's index", () => {
    const steps = stepsOf("expand=customer,lineItems,tags&count=none&sort=number");
    expect(steps.filter((step) => step.startsWith("SEARCH")).length).toBe(5);
    expect(steps.filter((step) => /^SCAN t\d+$/.test(step))).toHaveLength(2);
  });
});

describe("an index that the entity lists", () => {
  const indexed = (index: EntityIndex) => {
    const own = new TestDatabase(catalog);
    const entity = { ...target.entity, indexes: [index] };
    for (const { create } of ownIndexesOf(entity)) own.exec(create.sql);
    return (query: string) =>
      statementsOf(compileListOf({ ...target, entity }, query))
        .map((statement) => own.explain(statement))
        .join("\n");
  };

  it("over several fields serves a filter on all of them", () => {
    const plan = indexed({ fields: ["status", "dueAt"], unique: false })(
      "filter[status]=PAID&filter[dueAt.gt]=2026-01-01T00:00:00Z&size=5",
    );
    expect(plan).toMatch(/USING (COVERING )?INDEX index_[\w-]+ \(status=\? AND due_at>\?\)/);
  });

  it("over several fields serves a filter on the first with a sort by the next, ties by id too", () => {
    const explain = indexed({ fields: ["status", "day"], unique: false });
    for (const sort of ["day", "day,desc"]) {
      for (const part of ["", "&cursor="]) {
        const plan = explain(`filter[status]=PAID&sort=${sort}&size=5${part}`);
        expect(plan).toMatch(/SEARCH t\d USING (COVERING )?INDEX index_[\w-]+ \(status=\?/);
        expect(plan).not.toMatch(/TEMP B-TREE|SCAN t\d|MATERIALIZE/);
      }
    }
  });

  it("over some records serves a filter that all of them satisfy", () => {
    const plan = indexed({ fields: ["note"], unique: false, where: { note: { isNotNull: true } } });
    expect(plan("filter[note]=x")).toMatch(/USING (COVERING )?INDEX index_[\w-]+_where_\w+ \(note=\?\)/);
    expect(plan("filter[note.isNull]=true")).not.toContain("_where_");
  });
});
