import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type GuardedChild, spawnGuarded } from "./guarded-child.ts";
import { HEAP_FLAGS } from "./memory-settings.ts";
import { OperatorError } from "./operator-error.ts";

const CHILD = fileURLToPath(new URL("./database-child.ts", import.meta.url));
const STOP_GRACE_MS = 5_000;
const RESTART_PAUSE_MS = 200;

export interface Database {
  readonly url: string;
  readonly authToken: string;
  stop(): Promise<void>;
}

/**
 * The embedded libSQL server on a loopback port of its own, with a token made for this run. When it crashes it is
 * started again on the same port, for as long as it takes. Throws OperatorError when it does not start at all.
 */
export async function startDatabase(file: string, log: (line: string) => void): Promise<Database> {
  const authToken = randomBytes(24).toString("base64url");
  let isStopping = false;
  let child = spawnServer(file, 0, authToken);
  const port = await listeningPort(child);
  if (port === undefined) throw new OperatorError(`The database did not start: ${await child.ended}.`);

  async function keepAlive(): Promise<void> {
    for (;;) {
      const end = await child.ended;
      if (isStopping) return;
      log(`The database ended unexpectedly (${end}); starting it again.`);
      await sleep(RESTART_PAUSE_MS);
      if (isStopping) return;
      child = spawnServer(file, port ?? 0, authToken);
    }
  }
  void keepAlive();

  return {
    url: `http://127.0.0.1:${port}`,
    authToken,
    async stop() {
      isStopping = true;
      await child.stop(STOP_GRACE_MS);
    },
  };
}

function spawnServer(file: string, port: number, authToken: string): GuardedChild {
  return spawnGuarded(process.execPath, [...HEAP_FLAGS, CHILD], {
    env: { DATABASE_FILE: file, DATABASE_PORT: String(port), DATABASE_TOKEN: authToken },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** Undefined when the server ends before it listens. */
async function listeningPort(child: GuardedChild): Promise<number | undefined> {
  const listening = once(child.process, "message").then(([message]) => Number(message.port));
  return Promise.race([listening, child.ended.then(() => undefined)]);
}
