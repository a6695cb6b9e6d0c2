import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../../src/model/sql-value.ts";
import { planList } from "../../../src/query/plan/plan-list.ts";
import { READ_EVERYTHING } from "../../../src/query/plan/target.ts";
import { statementsOf } from "../../../src/query/sql/compiled.ts";
import { compileList } from "../../../src/query/sql/page/compile-list.ts";
import { shopCatalog } from "../../support/shop-catalog.ts";

const catalog = shopCatalog();
const entity = catalog.entities.get("Order");

function pageOf(query: string) {
  if (!entity) throw new Error("no Order");
  const plan = planList({ catalog, entity, scope: READ_EVERYTHING }, new URLSearchParams(query));
  const [page] = statementsOf(compileList(plan));
  return page ?? { sql: "", args: [] };
}

const SELECT = `SELECT '[' || json_array("t0"."id") || ']' FROM "w1_orders" AS "t0"`;
const ORDER = 'ORDER BY "t0"."id" ASC LIMIT ? OFFSET ?';

describe("a filter becomes one condition with bound values", () => {
  it.each<[string, string, SqlValue[]]>([
    ["filter[number]=5", '"t0"."number" = ?', [5]],
    ["filter[number.neq]=5", '"t0"."number" IS NOT ?', [5]],
    ["filter[total.gt]=150.30", '"t0"."total" > ?', [15030]],
    ["filter[isVip]=true", '"t0"."is_vip" = ?', [1]],
    ["filter[note.like]=50%_", 'instr("t0"."note", ?) > 0', ["50%_"]],
    ["filter[note.ilike]=A", 'instr(lower("t0"."note"), lower(?)) > 0', ["A"]],
    ["filter[note.startsWith]=ab", '("t0"."note" >= ? AND "t0"."note" < ?)', ["ab", "ac"]],
    ["filter[note.endsWith]=é", 'substr(CAST("t0"."note" AS BLOB), ?) = CAST(? AS BLOB)', [-2, "é"]],
    ['filter[note.in]=a,"b,""c"""', '"t0"."note" IN (?, ?)', ["a", 'b,"c"']],
    ["filter[number.notIn]=1,2", '("t0"."number" IS NULL OR "t0"."number" NOT IN (?, ?))', [1, 2]],
    ["filter[total.between]=1,2.5", '"t0"."total" BETWEEN ? AND ?', [100, 250]],
    ["filter[note.isNull]=", '"t0"."note" IS NULL', []],
    ["filter[note.isNull]=false", '"t0"."note" IS NOT NULL', []],
    ["filter[dueAt]=2026-02-28T13:05:00%2B02:00", '"t0"."due_at" = ?', ["2026-02-28T11:05:00.000Z"]],
    ['filter={"not":{"number":5}}', '("t0"."number" = ?) IS NOT TRUE', [5]],
    ['filter={"or":[{"number":5},{"note":null}]}', '("t0"."number" = ? OR "t0"."note" IS NULL)', [5]],
    [
      "filter[customer.country]=PT",
      '"t0"."customer_id" IN (SELECT "t1"."id" FROM "w1_customers" AS "t1" WHERE "t1"."country" = ?)',
      ["PT"],
    ],
    [
      "filter[customer.country.neq]=PT",
      '("t0"."customer_id" IS NULL OR "t0"."customer_id" IN (SELECT "t1"."id" FROM "w1_customers" AS "t1" WHERE "t1"."country" IS NOT ?))',
      ["PT"],
    ],
    [
      "filter[lineItems.sku]=a",
      '"t0"."id" IN (SELECT "t1"."order_id" FROM "w1_line_items" AS "t1" WHERE "t1"."sku" = ?)',
      ["a"],
    ],
    [
      "filter[tags.label]=hot",
      '"t0"."id" IN (SELECT "t2"."order_id" FROM "w1_order_tags" AS "t2" WHERE "t2"."tag_id" IN (SELECT "t1"."id" FROM "w1_tags" AS "t1" WHERE "t1"."label" = ?))',
      ["hot"],
    ],
    [
      'filter={"lineItems":{"sku":"a","quantity":{"gt":1}}}',
      '"t0"."id" IN (SELECT "t1"."order_id" FROM "w1_line_items" AS "t1" WHERE ("t1"."sku" = ? AND "t1"."quantity" > ?))',
      ["a", 1],
    ],
  ])("%s", (query, condition, values) => {
    const { sql, args } = pageOf(`fields=id&${query}`);
    expect(sql.replace(/ORDER BY \+/, "ORDER BY ")).toBe(`${SELECT} WHERE ${condition} ${ORDER}`);
    expect(args).toEqual([...values, 20, 0]);
  });
});

describe("a sort becomes an order that an index can deliver", () => {
  it.each([
    ["sort=id,desc", '"t0"."id" DESC'],
    ["sort=number", '"t0"."number" ASC, "t0"."id" ASC'],
    ["sort=number,desc&sort=id,desc&sort=note", '"t0"."number" DESC, "t0"."id" DESC'],
    ["sort=dueAt,asc,nullsFirst", '"t0"."due_at" ASC, "t0"."id" ASC'],
    ["sort=dueAt,asc,nullsLast", '"t0"."due_at" ASC NULLS LAST, "t0"."id" ASC'],
    ["sort=number,asc,nullsLast", '"t0"."number" ASC, "t0"."id" ASC'],
    ["sort=customer.country,desc", '"t1"."country" DESC, "t0"."id" ASC'],
  ])("%s", (query, order) => {
    expect(pageOf(query).sql).toContain(`ORDER BY ${order} LIMIT ? OFFSET ?`);
  });
});

describe("a request cannot write SQL", () => {
  it.each([
    "filter[note]='; DROP TABLE x; --",
    'filter={"note":{"in":["\\") --"]}}',
    "filter[note.like]=%27%22",
  ])("%s is bound, never rendered", (query) => {
    const [, condition] = pageOf(query).sql.split(" WHERE ");
    expect(condition).not.toMatch(/DROP|--|'/);
  });
});
