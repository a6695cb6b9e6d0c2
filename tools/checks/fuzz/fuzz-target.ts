import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHttpDatabase } from "../../../src/libsql/open-http-database.ts";
import type { Parts } from "../../../test/support/find-operation.ts";
import { findFreePort, startServe } from "../../../test/support/processes/serve-process.ts";
import { migrateDatabase } from "../../migrate.ts";
import { startDatabase } from "../../runtime/database.ts";
import { createApiClient } from "../../seed/api-client.ts";
import { type FuzzedServer, type FuzzedWorkspace, fetchDocument, WorkspaceMaker } from "./make-workspace.ts";

const ADMIN_TOKEN = "fuzz-admin-token-of-32-characters-at-least";
/** Columns of keys and deliveries that change without an admin, such as the last use and the number of attempts. */
const CHANGING = new Set(["lastUsedAt", "attempts", "attemptCount", "nextAttemptAt", "status", "updatedAt"]);
const withoutChanging = (key: string, value: unknown) => (CHANGING.has(key) ? undefined : value);

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly adminToken: string;
  readonly adminDocument: Parts;
  /** A workspace in its own organization, or in that of another workspace. */
  makeWorkspace(sibling?: FuzzedWorkspace): Promise<FuzzedWorkspace>;
  /** Undoes whatever closes a workspace to requests. */
  open(workspace: FuzzedWorkspace): Promise<void>;
  /** Deletes a workspace with its organization. The entities of many would slow down every change of a schema. */
  remove(workspace: FuzzedWorkspace): Promise<void>;
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
  const maker = new WorkspaceMaker({ baseUrl, admin });
  return {
    baseUrl,
    adminToken: ADMIN_TOKEN,
    adminDocument: await fetchDocument(`${baseUrl}/admin/v1/openapi.json`, ADMIN_TOKEN),
    makeWorkspace: (sibling) => maker.make(sibling),
    async open({ adminPath }) {
      await admin.send("PATCH", adminPath, { accessMode: "ACTIVE", rateLimit: null });
    },
    async remove({ organization }) {
      const path = `/admin/v1/organizations/${organization}`;
      /* 404 if a request has deleted it. */
      const workspaces = await admin.require("GET", `${path}/workspaces?size=100`, undefined, [404]);
      for (const { slug } of (workspaces ?? []) as { slug: string }[])
        await admin.require("DELETE", `${path}/workspaces/${slug}?confirm=${slug}`);
      await admin.require("DELETE", path, undefined, [404]);
    },
    contentsOf: (workspace) => readContents({ baseUrl, admin }, workspace),
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

async function readContents(
  { baseUrl, admin }: FuzzedServer,
  { home, adminPath, tokens, webhookId }: FuzzedWorkspace,
): Promise<string> {
  const headers = { Authorization: `Bearer ${tokens[0]}` };
  const exports = ["Customer", "Order", "Tag"].map(async (entity) => {
    const response = await fetch(`${baseUrl}/api/v1${home}/${entity}/export?format=ndjson`, { headers });
    return response.text();
  });
  const told = (parts: readonly string[]) =>
    Promise.all(parts.map((part) => admin.require("GET", adminPath + part)));
  const fixed = await told(["", "/schema", "/schema/changes", "/webhooks", "/audit?size=100", "/usage"]);
  const changing = await told(["/api-keys", `/webhooks/${webhookId}/deliveries`]);
  return JSON.stringify([fixed, await Promise.all(exports)]) + JSON.stringify(changing, withoutChanging);
}
