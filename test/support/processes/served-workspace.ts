import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHttpDatabase } from "../../../src/libsql/open-http-database.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { createApiClient } from "../../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "./counter-workspace.ts";
import { findFreePort, startServe } from "./serve-process.ts";

export interface Served {
  readonly baseUrl: string;
  readonly port: number;
  /** The id of the process that has started the others. */
  readonly pid: number | undefined;
  /** Everything it has printed. */
  output(): string;
  waitFor(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** The production runtime with the real Worker, in a directory of its own. */
export async function serveWorker(variables: Readonly<Record<string, string>> = {}): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), "served-"));
  const port = await findFreePort();
  const server = startServe(directory, port, { ADMIN_TOKEN, ...variables });
  await server.waitFor(`Ready on http://127.0.0.1:${port}\n`);
  return {
    baseUrl: server.baseUrl,
    port,
    pid: server.child.pid,
    output: server.output,
    waitFor: server.waitFor,
    async stop() {
      server.child.kill("SIGTERM");
      await server.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface ServedWorkspace {
  readonly organization: string;
  readonly workspace: string;
  readonly key: string;
  /** Base paths of the workspace in the workspace API and in the admin API. */
  readonly path: string;
  readonly adminPath: string;
  /** All records by id, as an export returns them. */
  records(entity: string, fields?: string): Promise<readonly JsonObject[]>;
}

/** A new workspace with entities, in the given order, and a key that may write. */
export async function makeServedWorkspace(
  baseUrl: string,
  ...entities: readonly object[]
): Promise<ServedWorkspace> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const [organization, workspace] = [`o-${randomUUID().slice(0, 13)}`, "w"];
  await admin.require("POST", "/admin/v1/organizations", { slug: organization, name: "O" });
  const workspaces = `/admin/v1/organizations/${organization}/workspaces`;
  await admin.require("POST", workspaces, { slug: workspace, name: "W" });
  const adminPath = `${workspaces}/${workspace}`;
  for (const entity of entities) await admin.require("POST", `${adminPath}/entities`, entity);
  const body = { name: "test", permission: "READ_WRITE" };
  const { key } = (await admin.require("POST", `${adminPath}/api-keys`, body)) as { key: string };
  const path = `/api/v1/${organization}/${workspace}`;
  return {
    organization,
    workspace,
    key,
    path,
    adminPath,
    async records(entity, fields) {
      const query = `format=ndjson${fields ? `&fields=${fields}` : ""}`;
      const response = await fetch(`${baseUrl}${path}/${entity}/export?${query}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    },
  };
}

/** Lets the lease of the workspace's schema change end in so many seconds. Other workspaces keep theirs. */
export const writeLease = (
  databaseUrl: string,
  { organization, workspace }: ServedWorkspace,
  seconds: number,
) =>
  openHttpDatabase({ url: databaseUrl, authToken: undefined, requestId: "test" }).run({
    sql: `UPDATE workspaces SET migrating_until = unixepoch() + ?
      WHERE slug = ? AND organization_id = (SELECT id FROM organizations WHERE slug = ?)`,
    args: [seconds, workspace, organization],
  });
