import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { migrateDatabase } from "../../tools/migrate.ts";
import { type Database, startDatabase } from "../../tools/runtime/database.ts";
import { onEnd, waitUntilHealthy } from "../../tools/runtime/lifecycle.ts";
import { freePort } from "./free-port.ts";
import { startWorkerd } from "./workerd/workerd.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const ADMIN_TOKEN = "bench-admin-token-of-32-characters";

export interface Stack {
  readonly database: Database;
  readonly baseUrl: string;
}

/** The runtime of `npm run serve` in a directory, whose database others may use too. `variables` are the Worker's, beside the usual. */
export async function startStack(
  directory: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  mkdirSync(directory, { recursive: true });
  const database = await startDatabase(join(directory, "data.db"), console.error);
  onEnd(database.stop);
  await migrateDatabase(database);
  const port = await freePort();
  const workerd = await startWorkerd({
    port,
    main: join(ROOT, "src/index.ts"),
    buildDirectory: join(directory, "dist"),
    kvDirectory: join(directory, "kv"),
    variables: {
      LIBSQL_URL: database.url,
      LIBSQL_AUTH_TOKEN: database.authToken,
      ADMIN_TOKEN,
      LOG_REQUESTS: "false",
      ...variables,
    },
    log: console.error,
  });
  onEnd(workerd.stop);
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(baseUrl);
  return { database, baseUrl };
}
