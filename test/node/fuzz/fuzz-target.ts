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
/** Where nothing listens. */
const NOBODY = "http://127.0.0.1:9";
/** What goes on changing without a request: how often a delivery that nobody receives was tried, when a key was used. */
const CHANGING = new Set(["lastUsedAt", "attempts", "attemptCount", "nextAttemptAt", "status", "updatedAt"]);
const withoutChanging = (key: string, value: unknown) => (CHANGING.has(key) ? undefined : value);

export interface FuzzedWorkspace {
  readonly organization: string;
  /** The keys of a workspace: one that may all, one that only reads, one with scopes. */
  readonly tokens: readonly string[];
  readonly document: Parts;
  readonly keyIds: readonly string[];
  /** Of a webhook that has deliveries; nobody receives them. */
  readonly webhookId: string;
  readonly deliveryIds: readonly string[];
  readonly tagIds: readonly string[];
  /** The only one that can be deleted. */
  readonly emptyOrganization: string;
  /** Stands in its records, and in all that an admin has named; nowhere else. */
  readonly marker: string;
}

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly adminToken: string;
  readonly adminDocument: Parts;
  /** A workspace `w` of an organization of its own. */
  makeWorkspace(): Promise<FuzzedWorkspace>;
  /** Takes back what closes a workspace to requests. */
  open(workspace: FuzzedWorkspace): Promise<void>;
  /** All of a workspace: its schema, records, keys, webhooks and what was done to it. */
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
    ALLOW_HTTP_WEBHOOKS: "true",
    ALLOW_PRIVATE_WEBHOOKS: "true",
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
      const [organization, marker] = [`o${++made}`, randomBytes(8).toString("hex")];
      const path = `/admin/v1/organizations/${organization}/workspaces`;
      const create = (below: string, body: object) => admin.require("POST", `${path}${below}`, body);
      await admin.require("POST", "/admin/v1/organizations", { slug: organization, name: "Fuzzed" });
      const emptyOrganization = `${organization}-empty`;
      await admin.require("POST", "/admin/v1/organizations", { slug: emptyOrganization, name: "Empty" });
      await create("", { slug: "w", name: marker });
      await admin.require("PUT", `${path}/w/schema`, { entities: fuzzEntities });
      await admin.require("PATCH", `${path}/w`, { mcpMode: "FULL" });
      const makeKey = async (input: object) => {
        const body = { name: marker, permission: "READ_WRITE", ...input };
        return (await create("/w/api-keys", body)) as { readonly id: string; readonly key: string };
      };
      const scopes = [{ entity: "Order", operations: ["read", "create", "update"] }];
      const keys = [await makeKey({}), await makeKey({ permission: "READ_ONLY" }), await makeKey({ scopes })];
      const tokens = keys.map(({ key }) => key);
      const webhook = {
        name: marker,
        url: `${NOBODY}/${marker}`,
        events: ["record.created"],
        entities: ["Tag"],
      };
      const { id: webhookId } = (await create("/w/webhooks", webhook)) as { id: string };
      const data = createApiClient(baseUrl, tokens[0] ?? "");
      const tag = (await data.require("POST", `/api/v1/${organization}/w/Tag`, { label: "seen" })) as {
        id: string;
      };
      await create(`/w/webhooks/${webhookId}/send`, { entity: "Tag", ids: [tag.id] });
      const deliveries = await admin.require("GET", `${path}/w/webhooks/${webhookId}/deliveries`);
      return {
        organization,
        tokens,
        document: await fetchDocument(`${baseUrl}/api/v1/${organization}/w/openapi.json`, tokens[0] ?? ""),
        emptyOrganization,
        tagIds: [tag.id],
        keyIds: keys.map(({ id }) => id),
        webhookId,
        deliveryIds: (deliveries as { id: string }[]).map(({ id }) => id),
        marker,
      };
    },
    async open({ organization }) {
      const path = `/admin/v1/organizations/${organization}/workspaces/w`;
      await admin.send("PATCH", path, { accessMode: "ACTIVE", rateLimit: null });
    },
    async contentsOf({ organization, tokens, webhookId }) {
      const headers = { Authorization: `Bearer ${tokens[0]}` };
      const get = async (path: string) => (await fetch(baseUrl + path, { headers })).text();
      const entities = ["Customer", "Order", "Tag"];
      const exports = entities.map((entity) =>
        get(`/api/v1/${organization}/w/${entity}/export?format=ndjson`),
      );
      const parts = ["", "/schema", "/api-keys", "/webhooks", `/webhooks/${webhookId}/deliveries`, "/audit"];
      const path = `/admin/v1/organizations/${organization}/workspaces/w`;
      const told = await Promise.all(parts.map((part) => admin.require("GET", path + part)));
      return JSON.stringify([told, await Promise.all(exports)], withoutChanging);
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
