import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseVariables } from "../src/variables.ts";
import { migrateDatabase } from "./migrate.ts";
import { lockDataDirectory } from "./runtime/data-lock.ts";
import { startDatabase } from "./runtime/database.ts";
import { readPort, requireFreePort } from "./runtime/free-port.ts";
import { endWith, onEnd, runServer, waitUntilHealthy } from "./runtime/lifecycle.ts";
import { OperatorError } from "./runtime/operator-error.ts";
import { type LoadedSecrets, loadSecrets } from "./runtime/secrets.ts";
import { seedDemo } from "./seed/seed-demo.ts";
import { startWorkerd } from "./serve/workerd.ts";
import { readCompatibilityDate } from "./serve/workerd-config.ts";

/*
 * `npm run serve`: the production runtime on this machine. Environment: PORT, DATA_DIR, ADMIN_TOKEN, LIBSQL_URL,
 * LIBSQL_AUTH_TOKEN, LIBSQL_STREAMS, SEED=demo, WEBHOOK_SECRET_KEY, ALLOW_HTTP_WEBHOOKS, ALLOW_PRIVATE_WEBHOOKS,
 * CLIENT_ADDRESS_HEADER, TRUSTED_PROXIES, LOG_REQUESTS; for tests WORKER_MAIN.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DEFAULT_PORT = 8787;
/** All requests come to one process, so it keeps more streams than an isolate among many does. */
const DEFAULT_STREAMS = "32";
const ORPHANS_END_MS = 5_000;

await runServer(serve);

async function serve(): Promise<void> {
  const { env } = process;
  const port = readPort(env.PORT, DEFAULT_PORT);
  const seed = readSeed(env.SEED);
  const dataDirectory = resolve(env.DATA_DIR || join(ROOT, ".data/serve"));
  const baseUrl = `http://127.0.0.1:${port}`;

  const lock = lockDataDirectory(dataDirectory, port);
  onEnd(lock.release);
  await requireFreePort(port, lock.wasKilled ? ORPHANS_END_MS : 0);
  const secrets = loadSecrets(dataDirectory, env);
  const database = await openDatabase(dataDirectory, env);
  const variables = workerVariables(database, secrets, env);
  requireVariables(variables);
  await migrateDatabase(database);

  const workerd = await startWorkerd({
    port,
    main: resolve(env.WORKER_MAIN || join(ROOT, "src/index.ts")),
    compatibilityDate: readCompatibilityDate(join(ROOT, "wrangler.toml")),
    buildDirectory: join(dataDirectory, "dist"),
    kvDirectory: join(dataDirectory, "kv"),
    variables,
    log: console.error,
  });
  onEnd(workerd.stop);
  endWith("workerd", workerd.ended);
  await waitUntilHealthy(baseUrl);

  if (secrets.isAdminTokenNew) {
    console.log(`Admin token: ${secrets.adminToken} (kept in ${join(dataDirectory, "secrets.json")})`);
  }
  if (seed) {
    const { adminToken } = secrets;
    const demo = await seedDemo({ baseUrl, adminToken, stateFile: join(dataDirectory, "demo.json") });
    console.log(`Demo workspace: ${baseUrl}/api/v1/demo/air, key ${demo.readWriteKey}`);
    console.log(`Documentation: ${baseUrl}/docs/demo/air`);
  }
  console.log(`Ready on ${baseUrl}`);
}

function readSeed(text: string | undefined): boolean {
  if (!text) return false;
  if (text === "demo") return true;
  throw new OperatorError(`SEED can only be 'demo', not '${text}'.`);
}

interface Address {
  readonly url: string;
  readonly authToken: string | undefined;
}

/** The database of LIBSQL_URL, else the embedded one. */
async function openDatabase(directory: string, env: NodeJS.ProcessEnv): Promise<Address> {
  if (env.LIBSQL_URL) return { url: env.LIBSQL_URL, authToken: env.LIBSQL_AUTH_TOKEN || undefined };
  const database = await startDatabase(join(directory, "data.db"), console.error);
  onEnd(database.stop);
  return database;
}

/** Found out here, not by the first request. Throws OperatorError. */
function requireVariables(variables: Readonly<Record<string, string>>): void {
  try {
    parseVariables(variables);
  } catch (error) {
    throw new OperatorError((error as Error).message);
  }
}

function workerVariables(
  { url, authToken }: Address,
  { adminToken, webhookSecretKey }: LoadedSecrets,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const { ALLOW_HTTP_WEBHOOKS, ALLOW_PRIVATE_WEBHOOKS, LOG_REQUESTS } = env;
  const { CLIENT_ADDRESS_HEADER, TRUSTED_PROXIES } = env;
  return {
    LIBSQL_URL: url,
    LIBSQL_STREAMS: env.LIBSQL_STREAMS || DEFAULT_STREAMS,
    ADMIN_TOKEN: adminToken,
    WEBHOOK_SECRET_KEY: webhookSecretKey,
    ...(authToken && { LIBSQL_AUTH_TOKEN: authToken }),
    ...(ALLOW_HTTP_WEBHOOKS && { ALLOW_HTTP_WEBHOOKS }),
    ...(CLIENT_ADDRESS_HEADER && { CLIENT_ADDRESS_HEADER }),
    ...(TRUSTED_PROXIES && { TRUSTED_PROXIES }),
    ...(LOG_REQUESTS && { LOG_REQUESTS }),
    ...(ALLOW_PRIVATE_WEBHOOKS && { ALLOW_PRIVATE_WEBHOOKS }),
  };
}
