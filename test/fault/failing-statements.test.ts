import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { startLibsqlServer } from "../../tools/libsql-server/start-libsql-server.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* A database that responds, but cannot run a statement because of its disk, memory or owner. */

interface SentStep {
  readonly stmt: { readonly sql: string };
}

let directory = "";
let database: Awaited<ReturnType<typeof startLibsqlServer>>;
let served: Served;
let w: ServedWorkspace;
/** The failure of the step that this matches, if any. */
let failure: { readonly code: string; readonly isHit: (sql: string) => boolean } | undefined;

const proxy = createServer(async (incoming, outgoing) => {
  const body = await text(incoming);
  const headers = { "content-type": "application/json", ...requestIdOf(incoming.headers["x-request-id"]) };
  const answer = await fetch(`${database.url}${incoming.url}`, { method: "POST", headers, body });
  const content = (await answer.json()) as { results: { response: { result: object } }[] };
  const steps = (JSON.parse(body).requests[0].batch?.steps ?? []) as SentStep[];
  const hit = steps.findIndex(({ stmt }) => failure?.isHit(stmt.sql));
  const result = content.results[0]?.response.result as { step_results: unknown[]; step_errors: unknown[] };
  if (hit >= 0 && result) {
    result.step_results[hit] = null;
    result.step_errors[hit] = { message: "SQLite error: /var/lib/sqld failed", code: failure?.code };
  }
  outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(content));
});

const requestIdOf = (id: string | string[] | undefined) => ({ ...(id && { "x-request-id": String(id) }) });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "failing-statements-"));
  database = await startLibsqlServer({ file: join(directory, "data.db") });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  served = await serveWorker({ LIBSQL_URL: `http://127.0.0.1:${address.port}` });
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Item",
    columns: [{ name: "name", type: "VARCHAR", nullable: false }],
  });
});
afterAll(async () => {
  await served.stop();
  proxy.closeAllConnections();
  proxy.close();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  failure = undefined;
});

async function send(method: string, path: string, body?: unknown, headers = {}) {
  const response = await fetch(`${served.baseUrl}${w.path}${path}`, {
    method,
    headers: { Authorization: `Bearer ${w.key}`, "Content-Type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = { status: response.status, text: await response.text() };
  return { ...answer, body: JSON.parse(answer.text) };
}

const CODES = ["BUSY", "LOCKED", "FULL", "IOERR", "NOMEM", "READONLY", "INTERRUPT", "CANTOPEN", "CORRUPT"];

it.each([...CODES.map((code) => `SQLITE_${code}`), "BLOCKED", "TRANSACTION_TIMEOUT"])(
  "%s of a statement is 503 to whoever sent it, and tells nothing of the database",
  async (code) => {
    const { body } = await send("POST", "/Item", { name: "a" });
    const requests = [
      ["GET", "/Item"],
      ["GET", `/Item/${body.data.id}`],
      ["POST", "/Item", { name: "b" }],
      ["PUT", `/Item/${body.data.id}`, { name: "c" }],
      ["PUT", "/Item/bulk", [{ id: body.data.id, name: "d" }]],
    ] as const;
    failure = {
      code,
      isHit: (sql) => /^BEGIN|^WITH page|^SELECT \(.* AS record$|^(?:INSERT INTO|UPDATE) "w/.test(sql),
    };
    for (const [method, path, sent] of requests) {
      const answer = await send(method, path, sent);
      expect([method, path, answer.status, answer.body.error.code]).toEqual([
        method,
        path,
        503,
        "SERVICE_UNAVAILABLE",
      ]);
      expect(answer.text).not.toContain("sqld");
    }
  },
);

it("such a failure of a bulk item asks for a retry, is logged, and is not stored as refused", async () => {
  const created = await Promise.all(["a", "b"].map((name) => send("POST", "/Item", { name })));
  const items = created.map(({ body }) => ({ id: body.data.id, name: "changed" }));
  failure = { code: "SQLITE_IOERR", isHit: (sql) => /^UPDATE "w/.test(sql) };
  const headers = { "Idempotency-Key": crypto.randomUUID(), Prefer: "return=representation" };
  const { status, body } = await send("PUT", "/Item/bulk", items, headers);
  expect([status, body.succeeded, body.failed]).toEqual([200, 1, 1]);
  const message = "The service is temporarily unavailable — please retry";
  expect(body.errors).toEqual([{ index: 0, error: { code: "SERVICE_UNAVAILABLE", message } }]);
  await served.waitFor('"code":"SERVICE_UNAVAILABLE","reason":"SqlFailure: SQLite error');
  failure = undefined;
  /* The database had run it, and only its response was lost. */
  const again = await send("PUT", "/Item/bulk", items, headers);
  expect([again.status, again.body.succeeded, again.body.failed]).toEqual([200, 2, 0]);
});
