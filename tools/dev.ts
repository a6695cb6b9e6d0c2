import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { migrateDatabase } from "./migrate.ts";
import { startCron, triggerScheduled } from "./runtime/cron.ts";
import { lockDataDirectory } from "./runtime/data-lock.ts";
import { startDatabase } from "./runtime/database.ts";
import { readPort, requireFreePort } from "./runtime/free-port.ts";
import { type GuardedChild, spawnGuarded } from "./runtime/guarded-child.ts";
import { endWith, onEnd, runServer, waitUntilHealthy } from "./runtime/lifecycle.ts";
import { loadSecrets } from "./runtime/secrets.ts";
import { type DemoKeys, seedDemo } from "./seed/seed-demo.ts";

/*
 * `npm run dev`: the Worker under `wrangler dev`, reloaded on every change of the source, with a database and a demo
 * workspace in DATA_DIR (.data/dev). Webhooks may go to this machine. Environment: PORT, DATA_DIR, ADMIN_TOKEN,
 * WEBHOOK_SECRET_KEY.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DATA_DIRECTORY = resolve(process.env.DATA_DIR || join(ROOT, ".data/dev"));
const DEFAULT_PORT = 8787;
const ORPHANS_END_MS = 5_000;
const STOP_GRACE_MS = 5_000;

await runServer(develop);

async function develop(): Promise<void> {
  const port = readPort(process.env.PORT, DEFAULT_PORT);
  const baseUrl = `http://127.0.0.1:${port}`;
  const lock = lockDataDirectory(DATA_DIRECTORY, port);
  onEnd(lock.release);
  await requireFreePort(port, lock.wasKilled ? ORPHANS_END_MS : 0);

  const { adminToken, webhookSecretKey, tokenSecretKey } = loadSecrets(DATA_DIRECTORY, process.env);
  const database = await startDatabase(join(DATA_DIRECTORY, "data.db"), console.error);
  onEnd(database.stop);
  await migrateDatabase(database);

  const wrangler = startWrangler(port, {
    LIBSQL_URL: database.url,
    LIBSQL_AUTH_TOKEN: database.authToken,
    ADMIN_TOKEN: adminToken,
    WEBHOOK_SECRET_KEY: webhookSecretKey,
    TOKEN_SECRET_KEY: tokenSecretKey,
    ALLOW_HTTP_WEBHOOKS: "true",
    ALLOW_PRIVATE_WEBHOOKS: "true",
  });
  onEnd(() => wrangler.stop(STOP_GRACE_MS));
  endWith("wrangler", wrangler.ended);
  await waitUntilHealthy(baseUrl);
  onEnd(
    startCron(
      () => triggerScheduled({ host: "127.0.0.1", port, path: "/cdn-cgi/local/scheduled" }),
      console.error,
    ),
  );

  const demo = await seedDemo({ baseUrl, adminToken, stateFile: join(DATA_DIRECTORY, "demo.json") });
  printWelcome(baseUrl, adminToken, demo);
}

/** wrangler without questions, reports or a keyboard. Its variables are in a file that only its owner can read. */
function startWrangler(port: number, variables: Readonly<Record<string, string>>): GuardedChild {
  const envFile = join(DATA_DIRECTORY, "worker.env");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(envFile, lines.join(""), { mode: 0o600 });
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  const quiet = ["--log-level", "error", "--show-interactive-dev-session=false"];
  const storage = ["--persist-to", join(DATA_DIRECTORY, "wrangler"), "--env-file", envFile];
  return spawnGuarded(process.execPath, [wranglerProgram(), ...args, ...quiet, ...storage], {
    cwd: ROOT,
    env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

function wranglerProgram(): string {
  const manifest = createRequire(import.meta.url).resolve("wrangler/package.json");
  return join(dirname(manifest), "bin/wrangler.js");
}

function printWelcome(baseUrl: string, adminToken: string, { readWriteKey, readOnlyKey }: DemoKeys): void {
  console.log(`
Ready on ${baseUrl}
  Admin token     ${adminToken}
  Demo key        ${readWriteKey}
  Read-only key   ${readOnlyKey}
  Documentation   ${baseUrl}/docs/demo/air

The ten most delayed flights from San Francisco, with where they went:
  curl -g '${baseUrl}/api/v1/demo/air/Flight?filter[origin.iata]=SFO&sort=delayMinutes,desc&size=10&expand=destination' \\
    -H 'Authorization: Bearer ${readWriteKey}'
`);
}
