import { describe, expect, it } from "vitest";
import { statementsOf } from "../../../src/query/sql/compiled.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, shopCatalog, targetIn } from "../../support/query/shop.ts";

const catalog = shopCatalog();
const target = targetIn(catalog, "Order");
const PAGE = 20;

function shopWith(orders: number): TestDatabase {
  const database = new TestDatabase(catalog);
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
    INSERT INTO w1_customers (email, country) SELECT 'c' || i, 'PT' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${orders})
    INSERT INTO w1_orders (number, status, customer_id)
      SELECT i, CASE i % 4 WHEN 0 THEN 'NEW' ELSE 'PAID' END, 1 + i % 20 FROM n`);
  return database;
}

const small = shopWith(200);
const large = shopWith(4_000);

/** The engine's steps for a page of 20 without its total. */
const stepsIn = (database: TestDatabase, query: string): number =>
  statementsOf(compileListOf(target, `size=${PAGE}&count=none&${query}`))
    .map((statement) => database.stepsOf(statement))
    .reduce((sum, steps) => sum + steps, 0);

describe("a page takes no more steps of the engine than it did", () => {
  it.each([
    ["", 19],
    ["sort=number", 26],
    ["sort=number,desc", 33],
    ["sort=status,desc", 22],
    ["sort=customerId,desc", 22],
    ["filter[status]=NEW", 21],
    ["expand=customer", 54],
  ])("%s: at most %i for a record, however many there are", (query, most) => {
    expect(stepsIn(large, query) / PAGE).toBeLessThanOrEqual(most);
    expect(stepsIn(large, query)).toBeLessThan(1.2 * stepsIn(small, query));
  });
});
