import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type LibsqlServer, type LibsqlServerOptions, startLibsqlServer } from "../../start-libsql-server.ts";

/** A directory that is removed when the test ends. */
export async function makeTempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "libsql-server-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A server of its own for the running test, closed when the test ends. */
export async function startTestServer(options: Partial<LibsqlServerOptions> = {}): Promise<LibsqlServer> {
  const file = options.file ?? join(await makeTempDir(), "test.db");
  const server = await startLibsqlServer({ ...options, file });
  onTestFinished(() => server.close());
  return server;
}
