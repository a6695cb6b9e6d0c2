import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { readReadyUrl } from "../../tools/libsql-server/test/support/ready-url.ts";
import { migrateDatabase } from "../../tools/migrate.ts";
import { spawnGuarded } from "../../tools/runtime/guarded-child.ts";

const TOKEN = "test-database-token";
const STOP_GRACE_MS = 5_000;

/**
 * One libSQL server for the whole run; every test makes its own workspace. In a process of its own: this one gives every
 * test file its modules, one after the other, and must not wait for the statements of another file's test.
 */
export default async function startLibsql(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), "schemastack-test-"));
  const flags = ["--file", join(directory, "test.db"), "--port", "0", "--auth-token", TOKEN, "--stats"];
  const server = spawnGuarded(process.execPath, ["tools/libsql-server/main.ts", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
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
