import { randomUUID } from "node:crypto";
import { pause } from "../../../src/lib/clock.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { send } from "../../../test/support/processes/send.ts";
import {
  makeServedWorkspace,
  type ServedWorkspace,
  serveWorker,
} from "../../../test/support/processes/served-workspace.ts";

const RETRY_PAUSE_MS = 50;
/** How long after the load a write may still be repeated. */
const PATIENCE_MS = 60_000;

export interface RestartableServer {
  readonly url: string;
  readonly authToken?: string;
  restart(isKilled: boolean): Promise<void>;
}

export interface RestartsOptions {
  readonly seconds: number;
  readonly restarts: number;
  readonly clients: number;
}

export interface RestartsReport {
  /** Writes that were repeated until they got a response, and writes that were sent once. */
  readonly written: number;
  readonly unanswered: number;
  /** Confirmed records that are missing, records that exist more than once, and other wrong responses. */
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly wrong: readonly string[];
}

const item = {
  name: "Item",
  columns: [
    { name: "name", type: "VARCHAR", nullable: false },
    { name: "value", type: "INTEGER", nullable: false },
  ],
};

/**
 * Clients write while the database is killed and restarted: with an Idempotency-Key until they get a response, or
 * without one once. Then every confirmed write must exist once, and every other one at most once.
 */
export async function runRestarts(
  server: RestartableServer,
  { seconds, restarts, clients }: RestartsOptions,
): Promise<RestartsReport> {
  const served = await serveWorker({
    LIBSQL_URL: server.url,
    ...(server.authToken && { LIBSQL_AUTH_TOKEN: server.authToken }),
    LOG_REQUESTS: "false",
  });
  try {
    const workspace = await makeServedWorkspace(served.baseUrl, item);
    const writers = new Writers(served.baseUrl, workspace, performance.now() + seconds * 1000);
    async function restartInTurn(): Promise<void> {
      for (let i = 0; i < restarts; i++) {
        await pause((seconds * 1000) / (restarts + 1));
        await server.restart(i % 2 === 0);
      }
    }
    await Promise.all([restartInTurn(), ...Array.from({ length: clients }, () => writers.write())]);
    return writers.compareWith(await workspace.records("Item", "name"));
  } finally {
    await served.stop();
  }
}

/** Clients that create records until the end of the load, and what they have seen. */
class Writers {
  readonly #items: string;
  readonly #token: string;
  readonly #end: number;
  readonly #answered = new Set<string>();
  readonly #unanswered = new Set<string>();
  readonly #wrong: string[] = [];

  constructor(baseUrl: string, { path, key }: ServedWorkspace, end: number) {
    this.#items = `${baseUrl}${path}/Item`;
    this.#token = key;
    this.#end = end;
  }

  /** Writes as one client: every other record with an Idempotency-Key. */
  async write(): Promise<void> {
    for (let i = 0; performance.now() < this.#end; i++) await this.#create(i % 2 ? randomUUID() : undefined);
  }

  compareWith(records: readonly JsonObject[]): RestartsReport {
    const counts = new Map<string, number>();
    for (const { name } of records) counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
    return {
      written: this.#answered.size,
      unanswered: this.#unanswered.size,
      lost: [...this.#answered].filter((name) => !counts.has(name)),
      doubled: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
      wrong: this.#wrong,
    };
  }

  async #create(key: string | undefined): Promise<void> {
    const name = randomUUID();
    const headers = key === undefined ? {} : { "Idempotency-Key": key };
    const init = { method: "POST", token: this.#token, body: { name, value: 1 }, headers };
    for (;;) {
      const response = await send(this.#items, init);
      if (response?.status === 201) return this.#confirm(name, JSON.parse(response.text).data.id);
      this.#noteWrong(response);
      const isLate = performance.now() > this.#end + PATIENCE_MS;
      if (isLate) this.#wrong.push(`${name} still has no response a minute after the load`);
      const isOver = isLate || key === undefined;
      if (isOver) this.#unanswered.add(name);
      await pause(RETRY_PAUSE_MS);
      if (isOver) return;
    }
  }

  async #confirm(name: string, id: number): Promise<void> {
    this.#answered.add(name);
    const response = await send(`${this.#items}/${id}`, { method: "GET", token: this.#token });
    if (response?.status !== 200) return this.#noteWrong(response);
    const found = JSON.parse(response.text).data.name;
    if (found !== name) this.#wrong.push(`read ${found} instead of ${name}`);
  }

  /** A 503 and no response are right while the database is down. */
  #noteWrong(response: Awaited<ReturnType<typeof send>>): void {
    if (response && response.status !== 503) this.#wrong.push(`${response.status} ${response.text}`);
  }
}
