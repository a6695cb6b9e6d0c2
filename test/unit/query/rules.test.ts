import { describe, expect, it } from "vitest";
import { type Access, type ApiKeyScope, OPERATIONS } from "../../../src/model/access.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { Statement } from "../../../src/model/sql-value.ts";
import { treeWithIds, treeWithNames } from "../../../src/query/rules/rule-names.ts";
import { visibleTo } from "../../../src/query/rules/visible.ts";
import { statementsOf } from "../../../src/query/sql/compiled.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";

const settings = { filterableFields: ["status", "note", "customer.country", "customer.email"] };
const catalog = shopCatalog({ order: { defaultExpand: ["customer"] } });
const database = new TestDatabase(catalog);
const NOW = new Date("2026-02-28T13:05:00.000Z");

interface Sketch {
  readonly filter?: JsonObject;
  readonly fields?: readonly string[];
}

/** All rights to every entity, except where the sketches narrow them. */
function access(sketches: Readonly<Record<string, Sketch>>, claims: JsonObject = {}): Access {
  const scopes = [...catalog.entities.values()].map((entity): ApiKeyScope => {
    const { filter, fields } = sketches[entity.name] ?? {};
    return {
      entityId: entity.id,
      operations: OPERATIONS,
      ...(filter && { filter: treeWithIds(catalog, entity, filter) }),
      ...(fields && { fields: fields.map((name) => entity.columnByName.get(name)?.id ?? "") }),
    };
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

function orders(sketches: Readonly<Record<string, Sketch>>, of = catalog) {
  const visible = visibleTo(of, access(sketches), NOW);
  return { visible, target: targetIn(visible.catalog, "Order", visible.scope) };
}

describe("a row rule", () => {
  it.each([
    ["fields=id", { status: "PAID" }],
    ["sort=dueAt,desc", { status: "PAID" }],
    ["sort=customer.country", { status: "PAID" }],
    ["expand=lineItems", { status: "PAID" }],
    ["fields=id", { number: { gt: 5 } }],
    ["fields=id", { "customer.country": "PT" }],
    ["cursor=", { "customer.country": "PT", isVip: true }],
  ])("makes of %s what the same filter makes of it", (query, filter) => {
    const { visible, target } = orders({ Order: { filter } });
    const ruled = statementsOf(compileListOf(target, query)).map(visible.bind);
    const asked = `${query}&filter=${encodeURIComponent(JSON.stringify(filter))}`;
    const filtered = statementsOf(compileListOf(targetIn(catalog, "Order"), asked));
    const planOf = (each: Statement) => database.explain(each).replaceAll(/(SUBQUERY |\bt)\d+/g, "$1");
    expect(ruled.map(planOf)).toEqual(filtered.map(planOf));
  });

  it("survives renames of its fields, and never holds once they are deleted", () => {
    const order = entityOf(catalog, "Order");
    const stored = treeWithIds(catalog, order, { customer: { country: "PT" }, not: { note: null } });
    const columns = order.columns.map((column) => {
      return column.name === "note" ? { ...column, name: "remark" } : column;
    });
    const columnByName = new Map(columns.map((column) => [column.name, column]));
    const renamed = { ...order, columns, columnByName };
    expect(treeWithNames(catalog, renamed, stored)).toEqual({
      customer: { country: "PT" },
      not: { remark: null },
    });
    const others = columns.filter(({ name }) => name !== "remark");
    expect(treeWithNames(catalog, { ...order, columns: others }, stored)).toBeUndefined();
    const rules = { Order: { filter: { note: "a" } } };
    const entities = new Map(catalog.entities).set("Order", { ...order, columns: others });
    const { visible, target } = orders(rules, { ...catalog, entities });
    const [page] = statementsOf(compileListOf(target, "fields=id")).map(visible.bind);
    expect(page?.sql).toContain(`WHERE (1) IS NOT TRUE)`);
  });
});

describe("a field that may not be read", () => {
  const { target } = orders(
    { Order: { fields: ["number", "status", "customerId"] }, LineItem: { fields: ["sku"] } },
    shopCatalog({ order: settings }),
  );
  const ask = (query: string) => () => compileListOf(target, query);

  it.each([
    ["filter[note]=a", "Unknown field 'note' on Order"],
    ["filter[notes]=a", "Unknown field 'notes' on Order"],
    ['filter={"not":{"note":"a"}}', "Unknown field 'note' on Order"],
    ["sort=note", "Unknown field 'note' on Order"],
    ["fields=note", "Unknown field 'note' on Order"],
    ["sort=isVip", "Unknown field 'isVip' on Order"],
    ["expand=lineItems", "Unknown relationship 'lineItems' on Order"],
    ["filter[lineItems.sku]=a", "Unknown field 'lineItems' on Order"],
    ["filter[not]=a", "Unknown field 'not' on Order"],
  ])("%s: %s", (query, message) => {
    expect(ask(query)).toThrow(new RegExp(`^${message}$`));
  });

  it("is not in a response, but the relationship of a readable reference is", () => {
    const statements = statementsOf(ask("expand=customer")());
    expect(statements[0]?.sql).not.toMatch(/note|is_vip|total/);
    expect(statements[0]?.sql).toContain("w1_customers");
  });
});
