import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ApiClient, createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";

/* A database that a version with the migrations up to 0012 has made and filled, dumped as SQL. Its keys are valid nowhere else. */

const DUMP = new URL("fixtures/database-of-0012.sql", import.meta.url);
const WRITER = "sk_live_YxUtOsIxYdvjUoVqTIkD5H95mn13hQLhbxp257k78yo2pMlQI";
const READER = "sk_live_N1zbKlWyNtgWMbKWGZaYChucZ9HMUi7iKh5UTii5lcZ0DviAG";
const REVOKED = "sk_live_3Eb9Iuk9tYfZkCokGUL7uQ4PvyQksbUOV7htR9kSG4s4SbYiA";
const API = "/api/v1/acme/shop";
const ADMIN = "/admin/v1/organizations/acme/workspaces/shop";

let directory = "";
let server: ServeProcess;
let api: ApiClient;
let admin: ApiClient;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "upgrade-"));
  const database = new Database(join(directory, "data.db"));
  database.exec(`PRAGMA foreign_keys = OFF; ${readFileSync(DUMP, "utf8")}`);
  database.close();
  server = startServe(directory, await findFreePort(), { ADMIN_TOKEN, SYNC: "normal" });
  await server.waitFor("Ready on ");
  api = createApiClient(server.baseUrl, WRITER);
  admin = createApiClient(server.baseUrl, ADMIN_TOKEN);
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  rmSync(directory, { recursive: true });
});

it("an upgrade keeps every record as it was", async () => {
  expect(await api.require("GET", `${API}/Book?expand=author&sort=id`)).toEqual([
    {
      id: 1,
      title: "One",
      isbn: "1",
      price: 12.5,
      status: "DRAFT",
      details: { a: [1, 2] },
      weight: 0.1,
      stock: 3,
      soldAt: "2026-01-02T03:04:05.678Z",
      isNew: true,
      serial: "9223372036854775807",
      authorId: 1,
      author: { id: 1, name: "Ursula", born: "1929-10-21" },
    },
    {
      id: 2,
      title: "Two",
      isbn: null,
      price: null,
      status: "DRAFT",
      details: null,
      weight: null,
      stock: 7,
      soldAt: null,
      isNew: null,
      serial: null,
      authorId: 3,
      author: { id: 3, name: "Zoë", born: null },
    },
  ]);
});

it("an upgrade keeps what each key may do", async () => {
  const statusOf = async (key: string, path: string) =>
    (await createApiClient(server.baseUrl, key).send("GET", API + path)).status;
  expect(await statusOf(READER, "/Book/1")).toBe(200);
  expect(await statusOf(READER, "/Author/1")).toBe(403);
  expect(await statusOf(REVOKED, "/Book/1")).toBe(401);
});

it("an upgrade keeps webhooks, and events that wait for delivery", async () => {
  const [hook] = (await admin.require("GET", `${ADMIN}/webhooks`)) as { id: string; url: string }[];
  expect(hook).toMatchObject({ url: "https://hooks.invalid/hook", entities: ["Tag"], signature: "v1" });
  const deliveries = await admin.require("GET", `${ADMIN}/webhooks/${hook?.id}/deliveries`);
  expect(deliveries).toMatchObject([{ status: "PENDING" }]);
});

it("after an upgrade, everything can be written and changed", async () => {
  const book = { title: "Three", authorId: { $by: { name: "Anna" } } };
  expect(await api.require("POST", `${API}/Book`, book)).toMatchObject({ id: 3, authorId: 2 });
  expect(await api.require("PATCH", `${API}/Book/1`, { stock: { $increment: -1 } })).toMatchObject({
    stock: 2,
  });
  expect((await api.send("POST", `${API}/Book`, { title: "x", isbn: "1" })).status).toBe(409);
  await api.require("POST", `${API}/Tag`, { label: "new" });
  await admin.require("POST", `${ADMIN}/entities/Book/columns`, { name: "pages", type: "INTEGER" });
  await admin.require("POST", `${ADMIN}/roles`, { name: "anonymous", permission: "READ_ONLY", scopes: null });
  expect((await fetch(`${server.baseUrl}${API}/Book/3`)).status).toBe(200);
  await api.require("DELETE", `${API}/Author/1`);
  expect((await api.send("GET", `${API}/Book/1`)).status).toBe(404);
  expect(await admin.require("GET", `${ADMIN}/usage`)).toMatchObject({ records: expect.anything() });
});
