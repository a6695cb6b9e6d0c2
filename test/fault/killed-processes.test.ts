import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { startDatabase } from "../../tools/runtime/database.ts";
import {
  ADMIN_TOKEN,
  type CounterWorkspace,
  makeCounterWorkspace,
} from "../support/processes/counter-workspace.ts";
import type { WholeAnswer } from "../support/processes/send.ts";
import {
  childrenOf,
  findFreePort,
  type ServeProcess,
  startServe,
} from "../support/processes/serve-process.ts";

/* The production runtime with the real Worker under load, while it or its database gets SIGKILL. */

const CLIENTS = 16;
const MOST_REQUESTS = 20_000;
/** Successes in a row that count as full service. */
const STEADY = 200;

let directory = "";
let port = 0;
let server: ServeProcess;
let workspace: CounterWorkspace;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "fault-test-"));
  port = await findFreePort();
});

afterEach(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
  server = startServe(directory, port, { ADMIN_TOKEN, ...variables });
  await server.waitFor(`Ready on http://127.0.0.1:${port}\n`);
}

interface Load {
  readonly acknowledged: Set<string>;
  readonly sent: Set<string>;
  /** Bodies of 503 responses, and responses that break the contract. */
  readonly errors: Set<string>;
  readonly violations: string[];
  steady: number;
}

/** Clients that write and read in turn until `isDone`; a bounded number of requests. */
async function runLoad(load: Load, isDone: () => boolean): Promise<void> {
  async function client(id: number): Promise<void> {
    for (let n = 0; n < MOST_REQUESTS / CLIENTS && !isDone(); n++) {
      const name = `client ${id} record ${n}`;
      load.sent.add(name);
      const created = await workspace.create(name);
      if (created?.status === 201) load.acknowledged.add(name);
      note(load, created, 201);
      note(load, await workspace.read(), 200);
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, id) => client(id)));
}

function note(load: Load, answer: WholeAnswer | undefined, success: number): void {
  if (answer?.status === success) {
    load.steady++;
    return;
  }
  load.steady = 0;
  if (!answer) return;
  const { status, headers, text } = answer;
  if (status === 503 && headers.get("Retry-After")) load.errors.add(text);
  else load.violations.push(`${status} ${text}`);
}

const newLoad = (): Load => ({
  acknowledged: new Set(),
  sent: new Set(),
  errors: new Set(),
  violations: [],
  steady: 0,
});

/** Every confirmed record exists once, and no record exists that nobody sent. */
async function expectNothingLost({ acknowledged, sent }: Load): Promise<void> {
  const names = await workspace.names();
  expect(new Set(names).size).toBe(names.length);
  expect([...acknowledged].filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !sent.has(name))).toEqual([]);
}

const UNAVAILABLE = {
  error: { code: "SERVICE_UNAVAILABLE", message: "The service is temporarily unavailable — please retry" },
};

it("a killed database server means 503 with Retry-After while it is away, full service after, and loses nothing", async () => {
  const database = await startDatabase(join(directory, "server.db"), () => undefined);
  onTestFinished(database.stop);
  await start({ LIBSQL_URL: database.url, LIBSQL_AUTH_TOKEN: database.authToken });
  workspace = await makeCounterWorkspace(server.baseUrl);
  const load = newLoad();
  let wasKilled = false;
  const running = runLoad(load, () => wasKilled && load.errors.size > 0 && load.steady > STEADY);
  await expect.poll(() => load.steady, { timeout: 20_000 }).toBeGreaterThan(STEADY);
  const child = childrenOf(process.pid).find(({ command }) => command.includes("database-child"));
  if (!child) throw new Error("no database process");
  process.kill(child.pid, "SIGKILL");
  wasKilled = true;
  await running;
  expect(load.violations).toEqual([]);
  expect([...load.errors].map((text) => JSON.parse(text))).toEqual([UNAVAILABLE]);
  expect(load.steady).toBeGreaterThan(STEADY);
  await expectNothingLost(load);
});

it.each(["full", "normal"])(
  "kill -9 with SYNC=%s loses no acknowledged write, and keys work as before",
  async (SYNC) => {
    await start({ SYNC });
    workspace = await makeCounterWorkspace(server.baseUrl);
    const load = newLoad();
    let isDown = false;
    const running = runLoad(load, () => isDown);
    await expect.poll(() => load.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(STEADY);
    server.child.kill("SIGKILL");
    isDown = true;
    await running;
    await server.exited;
    await start({ SYNC });
    expect(load.violations).toEqual([]);
    await expectNothingLost(load);
    expect((await workspace.create("after"))?.status).toBe(201);
  },
);
