import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCron, triggerScheduled } from "../../../tools/runtime/cron.ts";
import { type GuardedChild, spawnGuarded } from "../../../tools/runtime/guarded-child.ts";
import { buildWorker } from "./build-worker.ts";
import { writeWorkerdConfig } from "./workerd-config.ts";

const STOP_GRACE_MS = 5_000;

export interface WorkerdOptions {
  readonly port: number;
  /** The Worker's main file. */
  readonly main: string;
  /** Where the bundle and the configuration go; nobody else may use it meanwhile. */
  readonly buildDirectory: string;
  readonly kvDirectory: string;
  /** Variables and secrets of the Worker. */
  readonly variables: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export interface Workerd {
  readonly ended: GuardedChild["ended"];
  stop(): Promise<void>;
}

/** Bundles the Worker and serves it on 127.0.0.1, its `scheduled` handler called every minute. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  await buildWorker(options.main, options.buildDirectory);
  mkdirSync(options.kvDirectory, { recursive: true, mode: 0o700 });
  const socketDirectory = mkdtempSync(join(tmpdir(), "schemastack-"));
  const cronSocket = join(socketDirectory, "cron.sock");
  const configFile = join(options.buildDirectory, "workerd.capnp");
  const variables = Object.keys(options.variables);
  const allowsPrivateWebhooks = options.variables.ALLOW_PRIVATE_WEBHOOKS === "true";
  const config = { ...options, cronSocket, variables, allowsPrivateWebhooks };
  writeFileSync(configFile, writeWorkerdConfig(config));
  const child = spawnGuarded(workerdBinary(), ["serve", configFile], {
    env: options.variables,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const stopCron = startCron(() => triggerScheduled({ socketPath: cronSocket }), options.log);
  child.ended.then(() => {
    stopCron();
    rmSync(socketDirectory, { recursive: true, force: true });
  });
  return { ended: child.ended, stop: () => child.stop(STOP_GRACE_MS) };
}

/** The binary that wrangler installs; its package exports the path. */
function workerdBinary(): string {
  const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  return (fromWrangler("workerd") as { default: string }).default;
}
