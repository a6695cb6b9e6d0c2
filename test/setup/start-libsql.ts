import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startLibsqlServer } from "../../tools/libsql-server/server.ts";
import { migrateDatabase } from "../../tools/migrate.ts";

/** One libSQL server for the whole run, unless TEST_LIBSQL_URL names another; every test makes its own workspace. */
export default async function startLibsql(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), "schemastack-test-"));
  const server = await startLibsqlServer({ file: join(directory, "test.db"), stats: true });
  await migrateDatabase({ url: server.url });
  project.provide("libsqlUrl", server.url);
  return async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  };
}

declare module "vitest" {
  interface ProvidedContext {
    libsqlUrl: string;
  }
}
