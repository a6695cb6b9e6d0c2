import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/start-libsql-server.ts";
import {
  ADMIN_TOKEN,
  type CounterWorkspace,
  makeCounterWorkspace,
} from "../support/processes/counter-workspace.ts";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";

const RECORDS = 200_000;
const MIB = 2 ** 20;
/** Far below the size of 200,000 buffered records, and above the noise of garbage collection. */
const MOST_GROWTH = 48 * MIB;

let directory = "";
let database: LibsqlServer;
let databaseRequests = 0;
let server: ServeProcess;
let workspace: CounterWorkspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "export-test-"));
  database = await startLibsqlServer({
    file: join(directory, "data.db"),
    onRequest: () => databaseRequests++,
  });
  const port = await findFreePort();
  server = startServe(join(directory, "serve"), port, { ADMIN_TOKEN, LIBSQL_URL: database.url });
  await server.waitFor("Ready on");
  workspace = await makeCounterWorkspace(server.baseUrl);
  await fill();
});

afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

async function fill(): Promise<void> {
  const sql = `INSERT INTO w1_entries (name) WITH RECURSIVE n(i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS}) SELECT 'record ' || i || ' ' || hex(randomblob(40)) FROM n`;
  const body = JSON.stringify({ requests: [{ type: "execute", stmt: { sql } }, { type: "close" }] });
  const response = await fetch(`${database.url}/v2/pipeline`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect(await response.text()).toContain('"type":"ok"');
}

/** Resident memory of the server, in bytes. */
function memoryOfServer(): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

describe("an export of 200,000 records", () => {
  it.each([
    ["ndjson", 0],
    ["csv", 1],
  ])("as %s holds each once, in order, in flat memory", async (format, headerLines) => {
    const before = memoryOfServer();
    let peak = before;
    const response = await workspace.export(`format=${format}&fields=id`);
    let rest = "";
    let last = 0;
    let lines = 0;
    const text = response.body?.pipeThrough(new TextDecoderStream());
    for await (const chunk of text ?? []) {
      const parts = (rest + chunk).split(/\r?\n/);
      rest = parts.pop() ?? "";
      for (const line of parts) {
        if (lines++ < headerLines) continue;
        const id = Number(/\d+/.exec(line)?.[0]);
        if (id !== last + 1) throw new Error(`${id} follows ${last}`);
        last = id;
      }
      peak = Math.max(peak, memoryOfServer());
    }
    expect([last, rest]).toEqual([RECORDS, ""]);
    expect((peak - before) / MIB).toBeLessThan(MOST_GROWTH / MIB);
  });

  it("stops reading when its client disconnects", async () => {
    const reader = (await workspace.export("format=csv")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const settled = async () => {
      const seen = databaseRequests;
      await workspace.read();
      return databaseRequests - seen;
    };
    await expect.poll(settled, { timeout: 10_000 }).toBe(1);
    expect((await workspace.read())?.status).toBe(200);
  });
});
