import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ADMIN_TOKEN,
  type CountedApp,
  type EngineCost,
  openCountedApp,
} from "../../support/query/counted-app.ts";

/* What bench/results/rows.md says of a libSQL server, checked by the counters of the embedded engine. */

const SIZES = { Few: 100, Many: 10_000 };
type EntityName = keyof typeof SIZES;
/**
 * The engine compares a few more values when a key goes to another place of an index. A scan or a sort would take a step
 * for each of 9,900 more records.
 */
const TOLERANCE = 10;
const PAGE = 20;
const WORKSPACE = "/admin/v1/organizations/steps/workspaces/steps";
const CONTENT = { "content-type": "application/json" };

let app: CountedApp;
let key: string;
let created = 0;

const order = () => ({
  number: `new ${++created}`,
  status: "NEW",
  channel: "DESK",
  placedAt: "2025-01-01T00:00:00Z",
  customerId: 1,
});

beforeAll(async () => {
  app = await openCountedApp();
  await askAdmin("/admin/v1/organizations", { slug: "steps", name: "Steps" });
  await askAdmin("/admin/v1/organizations/steps/workspaces", { slug: "steps", name: "Steps" });
  const text = (name: string) => ({ name, type: "VARCHAR", nullable: false });
  await askAdmin(`${WORKSPACE}/entities`, {
    name: "Customer",
    tableName: "customers",
    columns: [text("name")],
  });
  insert("customers", PAGE, { name: "'customer ' || i" });
  for (const [name, count] of Object.entries(SIZES)) {
    const tableName = name.toLowerCase();
    const columns = [
      { ...text("number"), unique: true },
      { ...text("status"), indexed: true },
      text("channel"),
      { name: "placedAt", type: "DATETIME", nullable: false, indexed: true },
      {
        name: "customerId",
        nullable: false,
        references: { entity: "Customer", relationship: "customer", inverse: tableName },
      },
    ];
    const indexes = [{ fields: ["channel", "placedAt"] }];
    await askAdmin(`${WORKSPACE}/entities`, { name, tableName, columns, indexes });
    insert(tableName, count, {
      number: "'number ' || i",
      status: "CASE i % 4 WHEN 0 THEN 'NEW' ELSE 'PAID' END",
      channel: "CASE i % 4 WHEN 0 THEN 'WEB' ELSE 'SHOP' END",
      placed_at: "strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + 60 * i, 'unixepoch')",
      customer_id: `1 + i % ${PAGE}`,
    });
  }
  key = (await askAdmin(`${WORKSPACE}/api-keys`, { name: "steps", permission: "READ_WRITE" })).key;
});
afterAll(() => app.close());

async function askAdmin(path: string, body: object) {
  const headers = { ...CONTENT, authorization: `Bearer ${ADMIN_TOKEN}` };
  const { status, text } = await app.send(path, { method: "POST", headers, body: JSON.stringify(body) });
  expect(status, text).toBe(201);
  return JSON.parse(text).data;
}

/** Inserts records numbered `i`, with these expressions of `i` as values. */
function insert(table: string, count: number, values: Readonly<Record<string, string>>): void {
  app.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO w1_${table} (${Object.keys(values).join()}) SELECT ${Object.values(values).join()} FROM n`);
}

interface Operation {
  readonly method?: string;
  /** Below the entity's path. */
  readonly path: string;
  readonly body?: () => unknown;
  readonly isKeyed?: boolean;
}

/** The cost of a request to an isolate that knows the key and the schema. */
async function costOf(entity: EntityName, operation: Operation): Promise<EngineCost> {
  const { method = "GET", path, body, isKeyed = false } = operation;
  const address = `/api/v1/steps/steps/${entity}`;
  const headers = { ...CONTENT, authorization: `Bearer ${key}` };
  await app.send(`${address}/1`, { headers });
  const { status, text, cost } = await app.send(address + path, {
    method,
    headers: { ...headers, ...(isKeyed && { "idempotency-key": crypto.randomUUID() }) },
    ...(body && { body: JSON.stringify(body()) }),
  });
  expect(status, text).toBeLessThan(300);
  return cost;
}

const record = { body: order };
const OPERATIONS: readonly (Operation & { readonly name: string; readonly most: number })[] = [
  { name: "get by id", path: "/5", most: 80 },
  { name: "get by id with a to-one expansion", path: "/5?expand=customer", most: 100 },
  { name: "get by a unique field", path: "/by/number/number 5", most: 85 },
  { name: "create", method: "POST", path: "", ...record, most: 245 },
  { name: "create with an Idempotency-Key", method: "POST", path: "", ...record, isKeyed: true, most: 560 },
  {
    name: "create of 100",
    method: "POST",
    path: "/bulk",
    body: () => Array.from({ length: 100 }, order),
    most: 10_300,
  },
  { name: "update", method: "PATCH", path: "/7", body: () => ({ status: "DONE" }), most: 135 },
  {
    name: "update by a unique field",
    method: "PATCH",
    path: "/by/number/number 8",
    body: () => ({ status: "DONE" }),
    most: 140,
  },
  { name: "replacement", method: "PUT", path: "/11", ...record, most: 185 },
  { name: "delete", method: "DELETE", path: "/9", most: 140 },
];

describe("a request takes as many steps of the engine among 10,000 records as among 100", () => {
  it.each(OPERATIONS)("$name", async ({ most, ...operation }) => {
    const few = await costOf("Few", operation);
    const many = await costOf("Many", operation);
    expect(Math.abs(many.steps - few.steps)).toBeLessThanOrEqual(TOLERANCE);
    expect(many).toMatchObject({ scanned: 0, sorts: 0 });
    expect(many.steps).toBeLessThanOrEqual(most);
  });
});

describe("a page of 20 takes as many steps of the engine among 10,000 records as among 100, and scans no more than its records", () => {
  it.each([
    ["in the order of ids", "count=none", 450],
    ["with its total", "", 470],
    ["by cursor", "cursor=", 560],
    ["with a to-one expansion", "count=none&expand=customer", 940],
    ["sorted by an indexed field", "count=none&sort=placedAt", 520],
    ["sorted by an indexed field, descending", "count=none&sort=placedAt,desc", 720],
    ["filtered by an indexed field", "count=none&filter[status]=NEW", 500],
    ["filtered and sorted by one composite index", "count=none&filter[channel]=WEB&sort=placedAt", 540],
    ["by the same, descending", "count=none&filter[channel]=WEB&sort=placedAt,desc", 800],
    ["by the same, where all have one time", "count=none&filter[channel]=DESK&sort=placedAt,desc", 520],
  ])("%s", async (_, query, most) => {
    const few = await costOf("Few", { path: `?${query}` });
    const many = await costOf("Many", { path: `?${query}` });
    expect(Math.abs(many.steps - few.steps)).toBeLessThanOrEqual(TOLERANCE);
    expect(many.scanned).toBeLessThanOrEqual(PAGE);
    expect(many.sorts).toBe(0);
    expect(many.steps).toBeLessThanOrEqual(most);
  });
});

describe("a missing index shows in the steps", () => {
  it.each([
    ["number", "/by/number/number 10000"],
    ["status", "?count=none&filter[status]=none"],
    ["placed_at", "?count=none&sort=placedAt"],
    ["placed_at", "?count=none&sort=placedAt,desc"],
    ["channel, placed_at", "?count=none&filter[channel]=none&sort=placedAt"],
    ["channel, placed_at", "?count=none&filter[channel]=none&sort=placedAt,desc"],
    ["customer_id", "?count=none&filter[customerId]=0"],
  ])("of %s, in %s", async (columns, path) => {
    const withIndex = await costOf("Many", { path });
    const end = `%("${columns.replaceAll(", ", '", "')}")`;
    const [[name, create] = []] = app.rows(
      `SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'w1_many' AND type = 'index' AND sql LIKE '${end}'`,
    );
    app.exec(`DROP INDEX "${name}"`);
    try {
      const without = await costOf("Many", { path });
      expect(without.steps).toBeGreaterThan(withIndex.steps + SIZES.Many);
    } finally {
      app.exec(String(create));
    }
  });
});
