import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startWorkerd } from "../../../bench/support/workerd/workerd.ts";
import { migrateDatabase } from "../../../tools/migrate.ts";
import { waitUntilHealthy } from "../../../tools/runtime/lifecycle.ts";
import { ADMIN_TOKEN } from "./counter-workspace.ts";
import { findFreePort } from "./serve-process.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface InWorkerd {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** The Worker in workerd, as Cloudflare runs it, over the database of `LIBSQL_URL`, which is migrated first. */
export async function serveInWorkerd(variables: Readonly<Record<string, string>>): Promise<InWorkerd> {
  await migrateDatabase({ url: variables.LIBSQL_URL ?? "" });
  const directory = mkdtempSync(join(tmpdir(), "in-workerd-"));
  const port = await findFreePort();
  const workerd = await startWorkerd({
    port,
    main: join(ROOT, "src/index.ts"),
    buildDirectory: join(directory, "build"),
    kvDirectory: join(directory, "kv"),
    variables: { ADMIN_TOKEN, LOG_REQUESTS: "false", ...variables },
    log: console.error,
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(baseUrl);
  return {
    baseUrl,
    async stop() {
      await workerd.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
