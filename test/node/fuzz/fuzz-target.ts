import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../../src/db/database.ts";
import { migrateDatabase } from "../../../tools/migrate.ts";
import { startDatabase } from "../../../tools/runtime/database.ts";
import { createApiClient } from "../../../tools/seed/api-client.ts";
import type { Parts } from "../../support/find-operation.ts";
import { findFreePort, startServe } from "../support/serve-process.ts";
import { fuzzEntities } from "./fuzz-schema.ts";

const ADMIN_TOKEN = "fuzz-admin-token";

export interface FuzzedWorkspace {
  readonly organization: string;
  /** The keys of a workspace: one that may all, one that only reads, one with scopes. */
  readonly tokens: readonly string[];
  readonly document: Parts;
  /** Stands in its records and nowhere else. */
  readonly marker: string;
}

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly adminToken: string;
  readonly adminDocument: Parts;
  /** A workspace `w` of an organization of its own. */
  makeWorkspace(): Promise<FuzzedWorkspace>;
  /** All of a workspace: its schema and records. */
  contentsOf(workspace: FuzzedWorkspace): Promise<string>;
  /** What SQLite itself says of every table, index and trigger. */
  catalogue(): Promise<string>;
  stop(): Promise<void>;
}

/** What `npm run serve` runs, on a database of its own that can be looked into. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  const directory = mkdtempSync(join(tmpdir(), "fuzz-"));
  const database = await startDatabase(join(directory, "data.db"), console.error);
  await migrateDatabase(database);
  const { url, authToken } = database;
  const port = await findFreePort();
  const variables = {
    ADMIN_TOKEN,
    LIBSQL_URL: url,
    LOG_REQUESTS: "false",
    ...(authToken && { LIBSQL_AUTH_TOKEN: authToken }),
  };
  const server = startServe(directory, port, variables);
  await server.waitFor("Ready on ");
  const { baseUrl } = server;
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  let made = 0;
  return {
    baseUrl,
    adminToken: ADMIN_TOKEN,
    adminDocument: await fetchDocument(`${baseUrl}/admin/v1/openapi.json`, ADMIN_TOKEN),
    async makeWorkspace() {
      const organization = `o${++made}`;
      const path = `/admin/v1/organizations/${organization}/workspaces`;
      await admin.require("POST", "/admin/v1/organizations", { slug: organization, name: "Fuzzed" });
      await admin.require("POST", path, { slug: "w", name: "Fuzzed" });
      await admin.require("PUT", `${path}/w/schema`, { entities: fuzzEntities });
      const makeKey = async (input: object) => {
        const body = { name: "fuzz", permission: "READ_WRITE", ...input };
        const { key } = (await admin.require("POST", `${path}/w/api-keys`, body)) as { key: string };
        return key;
      };
      const scopes = [{ entity: "Order", operations: ["read", "create", "update"] }];
      const tokens = [
        await makeKey({}),
        await makeKey({ permission: "READ_ONLY" }),
        await makeKey({ scopes }),
      ];
      const document = await fetchDocument(
        `${baseUrl}/api/v1/${organization}/w/openapi.json`,
        tokens[0] ?? "",
      );
      return { organization, tokens, document, marker: randomBytes(8).toString("hex") };
    },
    async contentsOf({ organization, tokens }) {
      const headers = { Authorization: `Bearer ${tokens[0]}` };
      const get = async (path: string) => (await fetch(baseUrl + path, { headers })).text();
      const entities = ["Customer", "Order", "Tag"];
      const exports = entities.map((entity) =>
        get(`/api/v1/${organization}/w/${entity}/export?format=ndjson`),
      );
      const schema = await admin.require(
        "GET",
        `/admin/v1/organizations/${organization}/workspaces/w/schema`,
      );
      return JSON.stringify([schema, await Promise.all(exports)]);
    },
    async catalogue() {
      const [rows] = await openDatabase({ url, authToken, requestId: "fuzz" }).read([
        { sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", args: [] },
      ]);
      return JSON.stringify(rows);
    },
    async stop() {
      server.child.kill("SIGTERM");
      await server.exited;
      await database.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function fetchDocument(url: string, token: string): Promise<Parts> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as Parts;
}
