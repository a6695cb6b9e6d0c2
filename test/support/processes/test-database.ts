import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";

export interface TestDatabase {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The shared libSQL server of `TEST_LIBSQL_URL`, or else an embedded one. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const { TEST_LIBSQL_URL: url } = process.env;
  if (url) return { url, port: Number(new URL(url).port), stop: async () => {} };
  const directory = mkdtempSync(join(tmpdir(), "test-database-"));
  const server = await startLibsqlServer({ file: join(directory, "data.db") });
  return {
    url: server.url,
    port: server.port,
    async stop() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
