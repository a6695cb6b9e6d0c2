import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { migrateDatabase } from "../../tools/migrate.ts";
import { type Database, startDatabase } from "../../tools/runtime/database.ts";
import { onEnd, waitUntilHealthy } from "../../tools/runtime/lifecycle.ts";
import { startWorkerd } from "../../tools/serve/workerd.ts";
import { readCompatibilityDate } from "../../tools/serve/workerd-config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PORT = 18_789;
export const ADMIN_TOKEN = "bench-admin-token";

export interface Stack {
  readonly database: Database;
  readonly baseUrl: string;
}

/** The runtime of `npm run serve`, whose database others may use too. */
export async function startStack(directory: string): Promise<Stack> {
  const database = await startDatabase(join(directory, "data.db"), console.error);
  onEnd(database.stop);
  await migrateDatabase(database);
  const workerd = await startWorkerd({
    port: PORT,
    main: join(ROOT, "src/index.ts"),
    compatibilityDate: readCompatibilityDate(join(ROOT, "wrangler.toml")),
    buildDirectory: join(directory, "dist"),
    kvDirectory: join(directory, "kv"),
    variables: { LIBSQL_URL: database.url, LIBSQL_AUTH_TOKEN: database.authToken, ADMIN_TOKEN },
    log: console.error,
  });
  onEnd(workerd.stop);
  const baseUrl = `http://127.0.0.1:${PORT}`;
  await waitUntilHealthy(baseUrl);
  return { database, baseUrl };
}
