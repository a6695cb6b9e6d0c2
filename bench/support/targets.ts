import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import { migrateDatabase } from "../../tools/migrate.ts";
import { startDatabase } from "../../tools/runtime/database.ts";
import { onEnd, waitUntilHealthy } from "../../tools/runtime/lifecycle.ts";
import { seedDemo } from "../../tools/seed/seed-demo.ts";
import { startWorkerd } from "../../tools/serve/workerd.ts";
import { readCompatibilityDate } from "../../tools/serve/workerd-config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OURS_PORT = 18_787;
const BASELINE_PORT = 18_788;
const ADMIN_TOKEN = "bench-admin-token";

export interface Target {
  readonly name: "SchemaStack" | "hand-written";
  readonly baseUrl: string;
}

export interface Bench {
  readonly targets: readonly Target[];
  readonly key: string;
}

/**
 * Our Worker and the hand-written one, each in a workerd of its own with the same binary and settings, on one
 * embedded libSQL server, one KV directory and the demo's data.
 */
export async function startBench(): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), "schemastack-bench-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const database = await startDatabase(join(directory, "data.db"), console.error);
  onEnd(database.stop);
  await migrateDatabase(database);
  const bindings = {
    LIBSQL_URL: database.url,
    LIBSQL_AUTH_TOKEN: database.authToken,
    ADMIN_TOKEN,
    LOG_REQUESTS: "false",
  };

  const ours = await serveWorker(directory, OURS_PORT, "src/index.ts", bindings);
  const stateFile = join(directory, "demo.json");
  const { readWriteKey } = await seedDemo({ baseUrl: ours, adminToken: ADMIN_TOKEN, stateFile });
  const baseline = await serveWorker(directory, BASELINE_PORT, "bench/baseline/worker.js", {
    ...bindings,
    TABLE_NAME: await findFlightTable(database),
    KV_EVERY_TIME: process.env.KV_EVERY_TIME ?? "false",
  });
  return {
    targets: [
      { name: "SchemaStack", baseUrl: ours },
      { name: "hand-written", baseUrl: baseline },
    ],
    key: readWriteKey,
  };
}

async function serveWorker(
  directory: string,
  port: number,
  main: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const workerd = await startWorkerd({
    port,
    main: join(ROOT, main),
    compatibilityDate: readCompatibilityDate(join(ROOT, "wrangler.toml")),
    buildDirectory: join(directory, String(port)),
    kvDirectory: join(directory, "kv"),
    variables,
    log: console.error,
  });
  onEnd(workerd.stop);
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(baseUrl);
  return baseUrl;
}

async function findFlightTable({ url, authToken }: { url: string; authToken: string }): Promise<string> {
  const client = createClient({ url, authToken });
  const { rows } = await client.execute(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%flights'",
  );
  client.close();
  return String(rows[0]?.name);
}
