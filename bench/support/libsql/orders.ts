import { createApiClient } from "../../../tools/seed/api-client.ts";
import type { LoadRequest } from "../peers/target.ts";

const ADMIN = "/admin/v1/organizations";
const RECORDS = 1_000;
/** Of the workspace: Order and nine others. */
export const ENTITIES = 10;

/** The first workspace of the database, whose tables the hand-written Worker names. Returns a key. */
export async function loadWorkspace(baseUrl: string, adminToken: string): Promise<string> {
  const admin = createApiClient(baseUrl, adminToken);
  await admin.require("POST", ADMIN, { slug: "bench", name: "Bench" });
  await admin.require("POST", `${ADMIN}/bench/workspaces`, { slug: "peers", name: "Peers" });
  const workspace = `${ADMIN}/bench/workspaces/peers`;
  const columns = [
    { name: "number", type: "VARCHAR", nullable: false },
    { name: "status", type: "VARCHAR", nullable: false, indexed: true },
    { name: "amount", type: "INTEGER", nullable: false },
    { name: "placedAt", type: "DATETIME", nullable: false, indexed: true },
    { name: "customerId", type: "INTEGER", nullable: false },
  ];
  await admin.require("POST", `${workspace}/entities`, { name: "Order", tableName: "orders", columns });
  for (let i = 0; i < ENTITIES - 1; i++) {
    await admin.require("POST", `${workspace}/entities`, { name: `Other${i}`, columns: columns.slice(0, 3) });
  }
  const body = { name: "bench", permission: "READ_WRITE" };
  const { key } = (await admin.require("POST", `${workspace}/api-keys`, body)) as { key: string };
  const client = createApiClient(baseUrl, key);
  for (let first = 0; first < RECORDS; first += 100) {
    const records = Array.from({ length: 100 }, (_, i) => order(first + i));
    await client.require("POST", "/api/v1/bench/peers/Order/bulk?atomic=true", records);
  }
  return key;
}

function order(i: number) {
  return {
    number: `A-${i}`,
    status: ["NEW", "PAID", "SENT", "DONE"][i % 4],
    amount: i,
    placedAt: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
    customerId: i % 50,
  };
}

/** What is sent in turn, by the name of the operation. */
export function operations(round: number): Readonly<Record<string, readonly LoadRequest[]>> {
  const path = "/api/v1/bench/peers/Order";
  const ids = Array.from({ length: RECORDS }, (_, i) => i + 1);
  return {
    "get by id": ids.map((id) => ({ method: "GET", path: `${path}/${id}` })),
    "20 of 1,000, with total": [{ method: "GET", path: `${path}?size=20&sort=placedAt,desc` }],
    create: ids.map((id) => ({ method: "POST", path, body: order(round * RECORDS + id) })),
  };
}
