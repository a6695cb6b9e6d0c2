import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSqld } from "../../../tools/checks/libsql/start-sqld.ts";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";

export interface TestDatabase {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const portOf = (url: string) => Number(new URL(url).port);

/** The shared libSQL server of `TEST_LIBSQL_URL`, or else an embedded one. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const { TEST_LIBSQL_URL: url } = process.env;
  return url ? { url, port: portOf(url), stop: async () => {} } : startEmbedded();
}

/** A server for a test that takes all of its connections: the program of `TEST_SQLD`, or else an embedded one. */
export async function startOwnDatabase(): Promise<TestDatabase> {
  const { TEST_SQLD } = process.env;
  if (!TEST_SQLD) return startEmbedded();
  const { url, stop } = await startSqld(TEST_SQLD);
  return { url, port: portOf(url), stop };
}

async function startEmbedded(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "test-database-"));
  const { url, port, close } = await startLibsqlServer({ file: join(directory, "data.db") });
  return {
    url,
    port,
    async stop() {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
