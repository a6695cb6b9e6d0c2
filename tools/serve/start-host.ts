import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startCron } from "../runtime/cron.ts";
import { openAssets } from "./assets.ts";
import { ConnectionBounds } from "./connection-bounds.ts";
import { Engine } from "./engine/engine.ts";
import { startHttpServer } from "./http-server.ts";
import { KvTable } from "./kv-table.ts";
import { startMemoryRelease } from "./memory-release.ts";
import type { ServeOptions } from "./options.ts";
import { createRateLimits } from "./rate-limit.ts";
import { Turnstile } from "./turnstile.ts";
import { openWebhookNetwork } from "./webhook-network.ts";

/** What is done after a response gets so long when the server ends. */
const BACKGROUND_GRACE_MS = 10_000;

/** The Worker, as it is built for this host. */
interface Worker {
  fetch(request: Request, bindings: object, context: object): Response | Promise<Response>;
  scheduled(controller: object, bindings: object, context: object): Promise<void>;
}

export interface HostedWorker {
  /** Directory of its build. */
  readonly build: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface Host {
  /** Answers what is under way, then closes the database. */
  close(): Promise<void>;
}

/** Runs the Worker in this process: over HTTP, and every minute its scheduled work. */
export async function startHost(options: ServeOptions, { build, variables }: HostedWorker): Promise<Host> {
  const { dataDirectory, sync, readers } = options;
  const isEmbedded = !variables.LIBSQL_URL;
  const file = join(dataDirectory, isEmbedded ? "data.db" : "kv.db");
  const bounds = new ConnectionBounds(options.bounds);
  const turnstile = new Turnstile();
  const waitForTurn = () => turnstile.pass();
  const engine = new Engine({ file, sync, readers, isOverloaded: () => bounds.isFull, waitForTurn });
  const { default: worker } = (await import(pathToFileURL(join(build, "worker.js")).href)) as {
    default: Worker;
  };
  const bindings = {
    ...variables,
    WAIT_FOR_TURN: waitForTurn,
    ...createRateLimits(options.unknownKeyRate),
    ...(isEmbedded && { DATABASE: engine }),
    API_KEYS: await new KvTable(engine).open(join(dataDirectory, "kv")),
    WEBHOOK_NETWORK: openWebhookNetwork(variables.ALLOW_PRIVATE_WEBHOOKS === "true"),
  };
  const background = new Background();
  const findAsset = openAssets(join(build, "assets"));
  const server = await startHttpServer({
    ...options,
    bounds,
    handle: (request) => findAsset(request) ?? worker.fetch(request, bindings, background),
  });
  const stopRelease = startMemoryRelease();
  const stopCron = startCron(() => runScheduled(worker, bindings, background), console.error);
  return {
    async close() {
      stopCron();
      stopRelease();
      await server.close();
      await background.end(BACKGROUND_GRACE_MS);
      await engine.close();
    },
  };
}

/** Resolves with what went wrong, if anything. */
async function runScheduled(worker: Worker, bindings: object, context: object): Promise<string | undefined> {
  try {
    await worker.scheduled({ cron: "* * * * *", scheduledTime: Date.now(), noRetry() {} }, bindings, context);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** The execution context of every request: what goes on after its response. */
class Background {
  readonly #works = new Set<Promise<unknown>>();

  waitUntil(work: Promise<unknown>): void {
    const settled = work.catch(() => undefined).finally(() => this.#works.delete(settled));
    this.#works.add(settled);
  }

  passThroughOnException(): void {}

  async end(graceMs: number): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.all(this.#works), late]);
  }
}
