import { randomUUID } from "node:crypto";
import { pause } from "../../../src/lib/clock.ts";
import { send } from "../../../test/support/processes/send.ts";
import { makeServedWorkspace, serveWorker } from "../../../test/support/processes/served-workspace.ts";

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
    const w = await makeServedWorkspace(served.baseUrl, item);
    const end = performance.now() + seconds * 1000;
    const answered = new Set<string>();
    const unanswered = new Set<string>();
    const wrong: string[] = [];

    async function create(key?: string): Promise<void> {
      const name = randomUUID();
      const headers = key === undefined ? {} : { "Idempotency-Key": key };
      const init = { method: "POST", token: w.key, body: { name, value: 1 }, headers };
      for (;;) {
        const response = await send(`${served.baseUrl}${w.path}/Item`, init);
        if (response?.status === 201) {
          answered.add(name);
          const found = await readRecord(JSON.parse(response.text).data.id);
          if (found !== undefined && found !== name) wrong.push(`read ${found} instead of ${name}`);
          return;
        }
        if (response && response.status !== 503) wrong.push(`${response.status} ${response.text}`);
        const isLate = performance.now() > end + PATIENCE_MS;
        if (isLate) wrong.push(`${name} still has no response a minute after the load`);
        if (isLate || key === undefined) {
          unanswered.add(name);
          return pause(RETRY_PAUSE_MS);
        }
        await pause(RETRY_PAUSE_MS);
      }
    }
    async function readRecord(id: number): Promise<string | undefined> {
      const response = await send(`${served.baseUrl}${w.path}/Item/${id}`, { method: "GET", token: w.key });
      if (response?.status === 200) return JSON.parse(response.text).data.name;
      if (response && response.status !== 503) wrong.push(`${response.status} ${response.text}`);
      return undefined;
    }
    async function client(): Promise<void> {
      for (let i = 0; performance.now() < end; i++) await create(i % 2 ? randomUUID() : undefined);
    }
    async function restartInTurn(): Promise<void> {
      for (let i = 0; i < restarts; i++) {
        await pause((seconds * 1000) / (restarts + 1));
        await server.restart(i % 2 === 0);
      }
    }
    await Promise.all([restartInTurn(), ...Array.from({ length: clients }, client)]);

    const counts = new Map<string, number>();
    for (const { name } of await w.records("Item", "name")) {
      counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
    }
    return {
      written: answered.size,
      unanswered: unanswered.size,
      lost: [...answered].filter((name) => !counts.has(name)),
      doubled: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
      wrong,
    };
  } finally {
    await served.stop();
  }
}
