import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import { planList, planRecordView } from "../../../src/query/plan/plan-list.ts";
import type { ReadScope } from "../../../src/query/plan/target.ts";
import { compileList } from "../../../src/query/sql/page/compile-list.ts";
import { compileRecordView, LAST_INSERTED } from "../../../src/query/sql/record/compile-record-view.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";
import { reference, sketchCatalog } from "../../support/sketch-catalog.ts";

const catalog = shopCatalog();
const database = new TestDatabase(catalog);
const scores = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.30000000000000004];

beforeAll(() => {
  const [customer, order, item, tag, orderTag] = ["Customer", "Order", "LineItem", "Tag", "OrderTag"].map(
    (name) => entityOf(catalog, name),
  );
  if (!customer || !order || !item || !tag || !orderTag) throw new Error("incomplete");
  database.transaction(() => {
    scores.forEach((score, index) => {
      const balance = 9223372036854775807n - BigInt(index);
      database.insert(customer, { email: `c${index + 1}@x`, balance, score, referrerId: index || null });
    });
    for (const id of [1, 2]) {
      const customerId = id === 1 ? 2 : null;
      database.insert(order, {
        number: id,
        status: "NEW",
        total: 1999,
        extra: '{"a":[1]}',
        isVip: 1,
        customerId,
      });
    }
    for (const [orderId, sku] of [
      [1, "b"],
      [1, "a"],
      [2, "c"],
    ] as const)
      database.insert(item, { sku, orderId });
    database.insert(tag, { label: "hot" });
    database.insert(tag, { label: "cold" });
    for (const tagId of [2, 1, 2]) database.insert(orderTag, { orderId: 1, tagId });
  });
});

const list = (query: string, scope?: ReadScope): readonly JsonObject[] =>
  database.answer(compileListOf(targetIn(catalog, "Order", scope), query)).data;

describe("expand", () => {
  it("puts a to-one object behind its foreign key, null for a null reference", () => {
    const [first, second] = list("expand=customer&fields=customerId,customer.email");
    expect(JSON.stringify(first)).toBe('{"customerId":2,"customer":{"email":"c2@x"}}');
    expect(second).toEqual({ customerId: null, customer: null });
  });

  it("lists to-many and many-to-many by id, each record once, empty when there is none", () => {
    const [first, second] = list("expand=lineItems,tags&fields=lineItems.sku,tags.label");
    expect(first).toEqual({
      lineItems: [{ sku: "b" }, { sku: "a" }],
      tags: [{ label: "hot" }, { label: "cold" }],
    });
    expect(second).toEqual({ lineItems: [{ sku: "c" }], tags: [] });
  });

  it("carries every type exactly, nested or not", () => {
    const [order] = list("expand=customer.orders,lineItems.order");
    const top = list("")[0];
    expect(order).toMatchObject({
      ...top,
      lineItems: [{ order: top }, { order: top }],
      customer: { orders: [top] },
    });
    const customers = database.answer(compileListOf(targetIn(catalog, "Customer"), "expand=referrer")).data;
    const plain = database.answer(compileListOf(targetIn(catalog, "Customer"), "")).data;
    expect(customers.slice(1).map(({ referrer }) => referrer)).toEqual(plain.slice(0, -1));
    expect(plain.map(({ score }) => score)).toEqual(scores);
    expect(plain[1]).toMatchObject({ balance: "9223372036854775806" });
  });

  it("cuts what is deeper than the entity's, the workspace's or the system's depth", () => {
    const depthOf = (record: JsonObject | undefined): number =>
      record && "referrer" in record
        ? 1 + depthOf((record.referrer ?? undefined) as JsonObject | undefined)
        : 0;
    const last = (target: ReturnType<typeof targetIn>) =>
      depthOf(
        database.answer(compileListOf(target, "sort=id,desc&expand=referrer.referrer.referrer.referrer"))
          .data[0],
      );
    expect(last(targetIn(catalog, "Customer"))).toBe(3);
    expect(last(targetIn({ ...catalog, maxExpandDepth: 1 }, "Customer"))).toBe(1);
    const own = shopCatalog({ customer: { maxExpandDepth: 2 } });
    expect(last(targetIn({ ...own, maxExpandDepth: 1 }, "Customer"))).toBe(2);
  });

  it("uses the entity's defaults, unless the request says otherwise", () => {
    const own = shopCatalog({
      order: { defaultExpand: ["customer"], defaultFields: ["id", "customer.email"] },
    });
    const first = (query: string) => database.answer(compileListOf(targetIn(own, "Order"), query)).data[0];
    expect(first("")).toEqual({ id: 1, customer: { email: "c2@x" } });
    expect(first("expand=")).toEqual({ id: 1 });
    expect(first("expand=tags")).toMatchObject({ id: 1, tags: [{ id: 1 }, { id: 2 }] });
    expect(first("fields=number")).toEqual({ number: 1 });
  });

  it("returns records wider than the 127 arguments of a function", () => {
    const columns = Array.from({ length: 199 }, (_, index) => ({
      name: `f${index}`,
      type: "INTEGER" as const,
    }));
    const wide = sketchCatalog([
      {
        name: "Wide",
        columns: [...columns, reference("parentId", "Wide", { relationship: "parent", inverse: "parts" })],
      },
    ]);
    const entity = entityOf(wide, "Wide");
    const db = new TestDatabase(wide);
    const values = Object.fromEntries(columns.map(({ name }, index) => [name, index]));
    db.insert(entity, values);
    db.insert(entity, { ...values, parentId: 1 });
    const [first, second] = db.answer(
      compileListOf(targetIn(wide, "Wide"), "expand=parts.parent,parent"),
    ).data;
    const { parts, parent, ...plain } = first ?? {};
    expect(parent).toBeNull();
    expect(plain).toEqual({ id: 1, ...values, parentId: null });
    expect(parts).toEqual([{ id: 2, ...values, parentId: 1, parent: plain }]);
    expect(second).toMatchObject({ parent: plain, parts: [] });
  });

  it("refuses more than 1,000 records under one parent instead of cutting them", () => {
    const db = new TestDatabase(catalog);
    db.exec(`INSERT INTO w1_orders (number, status) VALUES (1, 'NEW');
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO w1_line_items (sku, order_id) SELECT 's', 1 FROM n`);
    const expand = () => db.answer(compileListOf(targetIn(catalog, "Order"), "expand=lineItems")).data[0];
    expect(expand()?.lineItems).toHaveLength(1000);
    db.exec("INSERT INTO w1_line_items (sku, order_id) VALUES ('s', 1)");
    expect(expand).toThrow(
      "Cannot expand 'lineItems': a record has more than 1000 of them — list LineItem with a filter instead",
    );
  });
});

describe("expansions through many to many", () => {
  const trees = sketchCatalog(
    [
      {
        name: "Node",
        columns: [
          reference("upId", "Node", { relationship: "up", inverse: "down" }),
          reference("otherId", "Node", { relationship: "other", inverse: "others" }),
        ],
      },
    ],
    5,
  );
  const node = targetIn(trees, "Node");
  const db = new TestDatabase(trees);
  const insert = (upId: number | null) => db.insert(node.entity, { upId });
  const expand = (id: number, expansion: string) => {
    const parameters = new URLSearchParams({ expand: expansion, fields: `id,${expansion}` });
    return db.show(compileRecordView(planRecordView(node, parameters), id))?.record;
  };
  const list = (query: string) => db.answer(compileList(planList(node, new URLSearchParams(query)))).data;
  const tooMany = "Cannot expand 'down': it leads to more than";

  it("are empty objects if all requested fields are deeper than the expansion", () => {
    for (let id = 1; id <= 7; id++) insert(id > 1 ? id - 1 : null);
    const deep = Array.from({ length: 6 }, () => "up").join(".");
    const shown = list(`filter[id]=7&fields=${deep}.id&expand=${deep}`);
    expect(shown).toEqual([{ up: { up: { up: { up: { up: {} } } } } }]);
    db.exec("DELETE FROM w1_nodes; DELETE FROM sqlite_sequence");
  });

  it("show up to 20,000 records under one, and refuse more", () => {
    db.transaction(() => {
      insert(null);
      for (let child = 2; child <= 201; child++) insert(1);
      for (let child = 2; child <= 201; child++) for (let i = 0; i < 99; i++) insert(child);
    });
    const shown = expand(1, "down.down") as unknown as { down: { down: object[] }[] };
    expect(shown.down.map(({ down }) => down.length)).toEqual(Array.from({ length: 200 }, () => 99));
    insert(2);
    expect(() => expand(1, "down.down")).toThrow(tooMany);
    expect(expand(2, "up.down")).toHaveProperty("up.down.length", 200);
    expect(() => expand(2, "up.down.down")).toThrow(tooMany);
    expect(() => expand(202, "up.up.down.up.down")).toThrow(tooMany);
  });

  it("are refused without going through all of them", () => {
    db.exec(`INSERT INTO w1_nodes (up_id) VALUES (NULL);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO w1_nodes (up_id) SELECT last_insert_rowid() FROM n`);
    const [[id] = []] = db.rows({ sql: "SELECT max(up_id) FROM w1_nodes", args: [] });
    expect(expand(Number(id), "down")).toHaveProperty("down.length", 1000);
    expect(() => expand(Number(id), "down.up.down.up.down")).toThrow(tooMany);
    expect(() => list("size=1000&expand=up.down.up.down.up&fields=id,up")).toThrow(tooMany);
  });

  it("lead from a page to up to 200,000, objects among them, null ones not", () => {
    const query = "filter[upId.gt]=1&filter[upId.lte]=201&count=none";
    const shown = list(`${query}&size=1000&fields=id&expand=up.down.other.other.other`);
    expect(shown).toHaveLength(1000);
    expect(list(`${query}&size=500&fields=id,up.down.up.id&expand=up.down.up.up`)).toHaveLength(500);
    expect(() => list(`${query}&size=1000&expand=up.down.up.up`)).toThrow(
      "Cannot expand 'down': it leads to more than 200000 records — take smaller pages, or list Node with a filter instead",
    );
  });

  it("count a record once, however often it is linked", () => {
    const links = new TestDatabase(catalog);
    links.insert(entityOf(catalog, "Customer"), { email: "c@x" });
    links.insert(entityOf(catalog, "Order"), { number: 1, status: "NEW", customerId: 1 });
    links.insert(entityOf(catalog, "Tag"), { label: "hot" });
    links.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO w1_order_tags (order_id, tag_id) SELECT 1, 1 FROM n`);
    const query = "expand=orders.tags&fields=id,orders.id,orders.tags.label";
    const plan = planRecordView(targetIn(catalog, "Customer"), new URLSearchParams(query));
    const shown = { id: 1, orders: [{ id: 1, tags: [{ label: "hot" }] }] };
    expect(links.show(compileRecordView(plan, 1))?.record).toEqual(shown);
  });
});

describe("expansions of long texts", () => {
  const blog = sketchCatalog(
    [
      { name: "Post", columns: [{ name: "body", type: "TEXT" }] },
      {
        name: "Line",
        columns: [
          { name: "text", type: "VARCHAR", length: 1000 },
          reference("postId", "Post", { relationship: "post", inverse: "lines" }),
        ],
      },
      {
        name: "Comment",
        columns: [
          { name: "body", type: "TEXT" },
          { name: "note", type: "TEXT" },
          reference("postId", "Post", { relationship: "post", inverse: "comments" }),
        ],
      },
    ],
    4,
  );
  const [post, comment] = [targetIn(blog, "Post"), targetIn(blog, "Comment")];
  const db = new TestDatabase(blog);
  const list = (target: typeof post, query: string) =>
    db.answer(compileList(planList(target, new URLSearchParams(query)))).data;
  const error = (name: string, entity: string) =>
    `Cannot expand '${name}': it leads to more than 10 MB of text — ask for fewer fields or records, or list ${entity} with a filter instead`;

  beforeAll(() => {
    db.transaction(() => {
      db.insert(post.entity, { body: "p".repeat(50_000) });
      for (let i = 0; i < 100; i++) db.insert(comment.entity, { body: "c".repeat(100_000), postId: 1 });
    });
  });

  it("show 10 MB under one record, and refuse more", () => {
    expect(list(post, "expand=comments")).toMatchObject([{ comments: { length: 100 } }]);
    db.insert(comment.entity, { note: "é", postId: 1 });
    expect(() => list(post, "expand=comments")).toThrow(error("comments", "Comment"));
    expect(() => list(comment, "expand=post.comments&size=1")).toThrow(error("comments", "Comment"));
    expect(list(post, "fields=comments.id,comments.note&expand=comments")).toMatchObject([
      { comments: { length: 101 } },
    ]);
  });

  it("are measured as a whole, on large pages too", () => {
    db.transaction(() => {
      db.insert(post.entity, {});
      for (let i = 0; i < 250; i++) db.insert(comment.entity, { postId: 2 });
      for (let i = 0; i < 101; i++) db.insert(comment.entity, { body: "c".repeat(100_000), postId: 2 });
    });
    const query = "filter[id]=2&expand=comments&size=1000";
    expect(() => list(post, query)).toThrow(error("comments", "Comment"));
    db.exec("DELETE FROM w1_comments WHERE post_id = 2; DELETE FROM w1_posts WHERE id = 2");
  });

  it("count those of short records where a page can lead to many", () => {
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 699)
      INSERT INTO w1_lines (text, post_id) SELECT printf('%.*c', 1000, 'l'), 1 FROM n`);
    const line = targetIn(blog, "Line");
    expect(list(line, "size=1&expand=post.lines")).toMatchObject([{ post: { lines: { length: 700 } } }]);
    expect(() => list(line, "size=100&expand=post.lines")).toThrow(error("lines", "Line"));
    expect(list(line, "size=100&fields=post.lines.id&expand=post.lines")).toHaveLength(100);
  });

  it("count the texts of objects, and all that is nested", () => {
    db.exec("UPDATE w1_comments SET body = NULL");
    expect(list(post, "expand=comments.post")).toMatchObject([{ comments: { length: 101 } }]);
    db.exec("UPDATE w1_posts SET body = body || body");
    expect(() => list(post, "expand=comments.post")).toThrow(error("comments", "Comment"));
    db.exec("UPDATE w1_comments SET body = printf('%.*c', 1000, 'c')");
    expect(() =>
      list(post, "size=5&fields=comments.post.comments.body&expand=comments.post.comments"),
    ).toThrow(error("comments", "Comment"));
  });
});

describe("unreadable entities do not exist", () => {
  const scope: ReadScope = {
    canRead: (name) => !["Customer", "OrderTag"].includes(name),
    rowsOf: () => null,
  };

  it.each([
    ["expand=customer", "Unknown relationship 'customer' on Order"],
    ["expand=custmer", "Unknown relationship 'custmer' on Order"],
    ["expand=tags", "Unknown relationship 'tags' on Order"],
    ["filter[customer.email]=x", "Unknown field 'customer' on Order"],
    ["filter[tags.label]=x", "Unknown field 'tags' on Order"],
    ['filter={"customer":{"email":"x"}}', "Unknown field 'customer' on Order"],
    ["sort=customer.email", "Unknown field 'customer' on Order"],
    ["fields=customer", "Unknown field 'customer' on Order"],
    ["filter[lineItems.order.customer.email]=x", "Unknown field 'customer' on Order"],
  ])("%s", (query, message) => {
    expect(() => list(query, scope)).toThrow(new RegExp(`^${message}( — did you mean 'customerId'\\?)?$`));
  });

  it("not by default either", () => {
    const own = shopCatalog({ order: { defaultExpand: ["customer", "lineItems"] } });
    const [first] = database.answer(compileListOf(targetIn(own, "Order", scope), "")).data;
    expect(first).toHaveProperty("lineItems");
    expect(first).not.toHaveProperty("customer");
  });
});

describe("a record's view", () => {
  const view = (query: string) => planRecordView(targetIn(catalog, "Order"), new URLSearchParams(query));

  it("returns fields, expansions and tag of one record, null if it is absent", () => {
    const plan = view("fields=id,customer.email&expand=customer");
    expect(database.show(compileRecordView(plan, 1))).toEqual({
      id: "1",
      record: { id: 1, customer: { email: "c2@x" } },
      tag: expect.stringMatching(/^1-[0-9a-z]+$/),
    });
    expect(database.show(compileRecordView(plan, 99))).toBeNull();
  });

  it("returns the just-inserted record", () => {
    database.insert(entityOf(catalog, "Order"), { number: 77, status: "NEW" });
    expect(database.show(compileRecordView(view("fields=number"), LAST_INSERTED))?.record).toEqual({
      number: 77,
    });
  });
});
