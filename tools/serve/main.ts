import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { parseVariables } from "../../src/variables.ts";
import { lockDataDirectory } from "../runtime/data-lock.ts";
import { requireFreePort } from "../runtime/free-port.ts";
import { onEnd, runServer } from "../runtime/lifecycle.ts";
import { OperatorError } from "../runtime/operator-error.ts";
import { type LoadedSecrets, loadSecrets } from "../runtime/secrets.ts";
import "./node-globals.ts";
import { isMigrated } from "./is-migrated.ts";
import { makePrivate } from "./make-private.ts";
import { readOptions, type ServeOptions, USAGE } from "./options.ts";
import { startHost } from "./start-host.ts";

/** All requests come to one process, so it keeps more streams than an isolate among many does. */
const DEFAULT_STREAMS = "32";
/** Beside the readers, threads of the native driver for commits, checkpoints and what is prepared. */
const OTHER_THREADS = 3;

export { Engine } from "./engine/engine.ts";

export interface Installation {
  /** Of the project. */
  readonly root: string;
  /** Of this server's build. */
  readonly build: string;
}

/** What `npm run serve` does. */
export async function main(installation: Installation): Promise<void> {
  await runServer(async () => {
    const { help, check } = readFlags();
    if (help) return console.log(USAGE);
    await serve(installation, check);
  });
}

function readFlags() {
  try {
    const flag = { type: "boolean", default: false } as const;
    return parseArgs({ options: { help: flag, check: flag } }).values;
  } catch (error) {
    throw new OperatorError(`${(error as Error).message}\n\n${USAGE}`, 2);
  }
}

async function serve(installation: Installation, isCheck: boolean): Promise<void> {
  const { env } = process;
  const options = readOptions(env, installation.root);
  const { dataDirectory, port, readers } = options;
  /* The driver reads this when its first database is opened. */
  env.TOKIO_WORKER_THREADS ??= String(readers + OTHER_THREADS);
  prepareDirectory(dataDirectory);
  const lock = lockDataDirectory(dataDirectory, port);
  onEnd(lock.release);
  await requireFreePort(port, 0);
  const secrets = loadSecrets(dataDirectory, env);
  const variables = variablesOf(secrets, env);
  requireVariables(env.LIBSQL_URL ? variables : { ...variables, DATABASE: {} });
  tellAdminToken(secrets, dataDirectory);
  await migrate(installation, options);
  if (isCheck) return console.log("The settings, the data directory and the database are all right.");

  const host = await startHost(options, { build: installation.build, variables });
  onEnd(host.close);
  const baseUrl = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
  if (options.isSeeded) await seed(installation, { baseUrl, secrets, dataDirectory });
  console.log(`Ready on ${baseUrl}`);
}

/** Throws OperatorError for a path where no directory of this process can be. */
function prepareDirectory(path: string): void {
  try {
    makePrivate(path);
  } catch (error) {
    throw new OperatorError(`DATA_DIR cannot be used: ${(error as Error).message}.`);
  }
}

function variablesOf(
  { adminToken, webhookSecretKey, tokenSecretKey }: LoadedSecrets,
  env: NodeJS.ProcessEnv,
) {
  return {
    ...env,
    LIBSQL_STREAMS: env.LIBSQL_STREAMS || DEFAULT_STREAMS,
    ADMIN_TOKEN: adminToken,
    WEBHOOK_SECRET_KEY: webhookSecretKey,
    TOKEN_SECRET_KEY: tokenSecretKey,
  } as Readonly<Record<string, string>>;
}

/** Wrong variables are found here, not by the first request. Throws OperatorError. */
function requireVariables(variables: object): void {
  try {
    parseVariables(variables);
  } catch (error) {
    throw new OperatorError((error as Error).message);
  }
}

/** The migrator is only loaded when there is something to migrate, or when only a server can tell. */
async function migrate({ root }: Installation, { dataDirectory }: ServeOptions): Promise<void> {
  const { LIBSQL_URL, LIBSQL_AUTH_TOKEN: authToken } = process.env;
  const file = join(dataDirectory, "data.db");
  if (!LIBSQL_URL && isMigrated(file, join(root, "drizzle"))) return;
  const { migrateDatabase } = await load<typeof import("../migrate.ts")>(root, "tools/migrate.ts");
  await migrateDatabase({ url: LIBSQL_URL || pathToFileURL(file).href, authToken });
}

/** Loads a module that the server rarely needs, from its source. */
const load = <T>(root: string, path: string): Promise<T> => import(pathToFileURL(join(root, path)).href);

function tellAdminToken({ adminToken, isAdminTokenNew }: LoadedSecrets, dataDirectory: string): void {
  if (!isAdminTokenNew) return;
  const file = join(dataDirectory, "secrets.json");
  console.log(
    process.stdout.isTTY ? `Admin token: ${adminToken} (kept in ${file})` : `Admin token: in ${file}`,
  );
}

interface SeedTarget {
  readonly baseUrl: string;
  readonly secrets: LoadedSecrets;
  readonly dataDirectory: string;
}

async function seed({ root }: Installation, { baseUrl, secrets, dataDirectory }: SeedTarget): Promise<void> {
  const { seedDemo } = await load<typeof import("../seed/seed-demo.ts")>(root, "tools/seed/seed-demo.ts");
  const { adminToken } = secrets;
  const demo = await seedDemo({ baseUrl, adminToken, stateFile: join(dataDirectory, "demo.json") });
  console.log(`Demo workspace: ${baseUrl}/api/v1/demo/air, key ${demo.readWriteKey}`);
  console.log(`Documentation: ${baseUrl}/docs/demo/air`);
}
