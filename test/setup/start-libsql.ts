import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { readReadyUrl } from "../../tools/libsql-server/test/support/ready-url.ts";
import { migrateDatabase } from "../../tools/migrate.ts";
import { spawnGuarded } from "../../tools/runtime/guarded-child.ts";

const TOKEN = "test-database-token";
const FLAGS = ["--port", "0", "--auth-token", TOKEN, "--stats"];
const STOP_GRACE_MS = 5_000;

/**
 * One libSQL server for the whole run. Every test makes its own workspace. `TEST_LIBSQL_URL` names another server,
 * whose requests a proxy counts. Both run in processes of their own: this process loads the modules of every test file
 * and must not wait for statements of other tests.
 */
export default async function startLibsql(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), "schemastack-test-"));
  const { TEST_LIBSQL_URL } = process.env;
  const command = TEST_LIBSQL_URL
    ? ["test/setup/count-requests.ts", TEST_LIBSQL_URL]
    : ["tools/libsql-server/main.ts", ...FLAGS, "--file", join(directory, "test.db")];
  const server = spawnGuarded(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const url = await readReadyUrl(server.process);
  await migrateDatabase({ url, authToken: TOKEN });
  project.provide("libsqlUrl", url);
  project.provide("libsqlToken", TOKEN);
  return async () => {
    await server.stop(STOP_GRACE_MS);
    rmSync(directory, { recursive: true });
  };
}

declare module "vitest" {
  interface ProvidedContext {
    libsqlUrl: string;
    libsqlToken: string;
  }
}
