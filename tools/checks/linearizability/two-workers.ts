import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADMIN_TOKEN } from "../../../test/support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type ServedWorkspace,
  serveWorker,
} from "../../../test/support/processes/served-workspace.ts";
import { migrateDatabase } from "../../migrate.ts";
import { startDatabase } from "../../runtime/database.ts";
import { type ApiClient, createApiClient } from "../../seed/api-client.ts";

export interface Key {
  readonly id: string;
  readonly key: string;
}

/** Two Workers with caches and a KV of their own, on one database. */
export interface TwoWorkers {
  readonly baseUrls: readonly [string, string];
  /** Has `Note` for writes, and `Fixed` with record 1. */
  readonly workspace: ServedWorkspace;
  /** Sends requests to the first Worker. */
  readonly admin: ApiClient;
  /** Another workspace like it, whose key both Workers know. */
  makeWorkspace(): Promise<ServedWorkspace>;
  /** A key that may read and write, which both Workers know. */
  makeKey(): Promise<Key>;
  /** Syncs the other Worker's KV, so that only its memory can be stale. */
  syncKeys(): Promise<unknown>;
  stop(): Promise<void>;
}

const words = [{ name: "text", type: "VARCHAR" }];

export async function startTwoWorkers(): Promise<TwoWorkers> {
  const directory = mkdtempSync(join(tmpdir(), "linearizability-"));
  const database = await startDatabase(join(directory, "data.db"), console.error);
  await migrateDatabase(database);
  const variables = {
    LIBSQL_URL: database.url,
    LIBSQL_AUTH_TOKEN: database.authToken,
    LOG_REQUESTS: "false",
    CLIENT_ADDRESS_HEADER: "X-Address",
  };
  const [one, other] = [await serveWorker(variables), await serveWorker(variables)];
  const admin = createApiClient(one.baseUrl, ADMIN_TOKEN);
  const elsewhere = createApiClient(other.baseUrl, ADMIN_TOKEN);
  const syncKeysOf = ({ adminPath }: ServedWorkspace) =>
    elsewhere.require("POST", `${adminPath}/api-keys/sync`);
  const makeWorkspace = async () => {
    const entities = ["Note", "Fixed"].map((name) => ({ name, columns: words }));
    const made = await makeServedWorkspace(one.baseUrl, ...entities);
    await createApiClient(one.baseUrl, made.key).require("POST", `${made.path}/Fixed`, {});
    await admin.require("PATCH", made.adminPath, { mcpMode: "FULL" });
    await syncKeysOf(made);
    return made;
  };
  const workspace = await makeWorkspace();
  return {
    baseUrls: [one.baseUrl, other.baseUrl],
    workspace,
    admin,
    makeWorkspace,
    syncKeys: () => syncKeysOf(workspace),
    async makeKey() {
      const body = { name: "k", permission: "READ_WRITE" };
      const made = (await admin.require("POST", `${workspace.adminPath}/api-keys`, body)) as Key;
      await syncKeysOf(workspace);
      return made;
    },
    async stop() {
      await one.stop();
      await other.stop();
      await database.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
