import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHttpDatabase } from "../../../src/libsql/open-http-database.ts";
import type { Parts } from "../../../test/support/find-operation.ts";
import { findFreePort, startServe } from "../../../test/support/processes/serve-process.ts";
import { migrateDatabase } from "../../migrate.ts";
import { startDatabase } from "../../runtime/database.ts";
import { createApiClient } from "../../seed/api-client.ts";
import { fuzzEntities } from "./fuzz-schema.ts";

const ADMIN_TOKEN = "fuzz-admin-token-of-32-characters-at-least";
/** An address where nothing listens. */
const NOBODY = "http://127.0.0.1:9";
/** Columns of keys and deliveries that change without an admin, such as the last use and the number of attempts. */
const CHANGING = new Set(["lastUsedAt", "attempts", "attemptCount", "nextAttemptAt", "status", "updatedAt"]);
const withoutChanging = (key: string, value: unknown) => (CHANGING.has(key) ? undefined : value);

export interface FuzzedWorkspace {
  readonly organization: string;
  /** `/organization/workspace`. */
  readonly home: string;
  /** The path in the admin API. */
  readonly adminPath: string;
  /** The keys of a workspace: one with all rights, one that only reads, and one with scopes. */
  readonly tokens: readonly string[];
  readonly document: Parts;
  readonly keyIds: readonly string[];
  /** The id of a webhook with deliveries that nobody receives. */
  readonly webhookId: string;
  readonly deliveryIds: readonly string[];
  readonly tagIds: readonly string[];
  /** The only organization that can be deleted. */
  readonly emptyOrganization: string;
  /** A text in all of its records and names, and nowhere else. Each entity has 1 to 5 records. */
  readonly marker: string;
}

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly adminToken: string;
  readonly adminDocument: Parts;
  /** A workspace in its own organization, or in that of another workspace. */
  makeWorkspace(sibling?: FuzzedWorkspace): Promise<FuzzedWorkspace>;
  /** Undoes whatever closes a workspace to requests. */
  open(workspace: FuzzedWorkspace): Promise<void>;
  /** Everything of a workspace: its schema, records, keys, webhooks and audit log. */
  contentsOf(workspace: FuzzedWorkspace): Promise<string>;
  /** SQLite's description of every table, index and trigger. */
  catalogue(): Promise<string>;
  /** The server's own failures that it has printed. */
  failures(): readonly string[];
  stop(): Promise<void>;
}

/** Runs `npm run serve` on its own database, which can be inspected. */
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
    async makeWorkspace(sibling) {
      const [organization, marker] = [sibling?.organization ?? `o${++made}`, randomBytes(8).toString("hex")];
      const emptyOrganization = `${organization}-empty`;
      if (!sibling) {
        await admin.require("POST", "/admin/v1/organizations", { slug: organization, name: "Fuzzed" });
        await admin.require("POST", "/admin/v1/organizations", { slug: emptyOrganization, name: "Empty" });
      }
      const slug = sibling ? "v" : "w";
      const [home, workspaces] = [
        `/${organization}/${slug}`,
        `/admin/v1/organizations/${organization}/workspaces`,
      ];
      const adminPath = `${workspaces}/${slug}`;
      await admin.require("POST", workspaces, { slug, name: marker });
      const create = (below: string, body: object) => admin.require("POST", adminPath + below, body);
      await admin.require("PUT", `${adminPath}/schema`, { entities: fuzzEntities });
      await admin.require("PATCH", adminPath, { mcpMode: "FULL" });
      const makeKey = async (input: object) => {
        const body = { name: marker, permission: "READ_WRITE", ...input };
        return (await create("/api-keys", body)) as { readonly id: string; readonly key: string };
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
      const { id: webhookId } = (await create("/webhooks", webhook)) as { id: string };
      const data = createApiClient(baseUrl, tokens[0] ?? "");
      const tag = (await data.require("POST", `/api/v1${home}/Tag`, { label: marker })) as { id: string };
      const records: Readonly<Record<string, (i: number) => object>> = {
        Customer: (i: number) => ({ email: `${i}@example.com`, name: marker }),
        Order: (i: number) => ({ customerId: i, notes: marker }),
        Remark: () => ({ tagId: tag.id }),
      };
      for (const [entity, make] of Object.entries(records))
        await data.require("POST", `/api/v1${home}/${entity}/bulk`, [1, 2, 3, 4, 5].map(make));
      await create(`/webhooks/${webhookId}/send`, { entity: "Tag", ids: [tag.id] });
      const deliveries = await admin.require("GET", `${adminPath}/webhooks/${webhookId}/deliveries`);
      return {
        organization,
        home,
        adminPath,
        tokens,
        document: await fetchDocument(`${baseUrl}/api/v1${home}/openapi.json`, tokens[0] ?? ""),
        emptyOrganization,
        tagIds: [tag.id],
        keyIds: keys.map(({ id }) => id),
        webhookId,
        deliveryIds: (deliveries as { id: string }[]).map(({ id }) => id),
        marker,
      };
    },
    async open({ adminPath }) {
      await admin.send("PATCH", adminPath, { accessMode: "ACTIVE", rateLimit: null });
    },
    async contentsOf({ home, adminPath, tokens, webhookId }) {
      const headers = { Authorization: `Bearer ${tokens[0]}` };
      const get = async (path: string) => (await fetch(baseUrl + path, { headers })).text();
      const exports = ["Customer", "Order", "Tag"].map((entity) =>
        get(`/api/v1${home}/${entity}/export?format=ndjson`),
      );
      const told = (parts: readonly string[]) =>
        Promise.all(parts.map((part) => admin.require("GET", adminPath + part)));
      const fixed = await told(["", "/schema", "/schema/changes", "/webhooks", "/audit?size=100", "/usage"]);
      const changing = await told(["/api-keys", `/webhooks/${webhookId}/deliveries`]);
      return JSON.stringify([fixed, await Promise.all(exports)]) + JSON.stringify(changing, withoutChanging);
    },
    async catalogue() {
      const [rows] = await openHttpDatabase({ url, authToken, requestId: "fuzz" }).read([
        { sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", args: [] },
      ]);
      return JSON.stringify(rows);
    },
    failures: () =>
      server
        .output()
        .split("\n")
        .filter((line) => line.includes('"level":"error"')),
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
