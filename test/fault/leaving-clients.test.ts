import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type BehindProxy, serveWithProxy } from "../support/processes/behind-proxy.ts";
import type { Fate, SeenRequest } from "../support/processes/http-proxy.ts";
import { send } from "../support/processes/send.ts";
import { type InWorkerd, serveInWorkerd } from "../support/processes/serve-in-workerd.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* workerd stops a request whose client has left, so nothing of it runs that would end its turn. */

/** Database requests that one key has at once, and writes that an isolate has at once. */
const [REQUESTS, WRITES] = [16, 8];
const LEAVING = 2 * REQUESTS;
/** Much less than a turn lasts that is never ended. */
const SOON_MS = 5_000;

const item = { name: "Item", columns: [{ name: "n", type: "INTEGER" }] };

let served: BehindProxy<InWorkerd>;
let w: ServedWorkspace;
let decide: (request: SeenRequest) => Fate = () => "PASS";
const seen = new Set<string>();

beforeAll(async () => {
  served = await serveWithProxy(serveInWorkerd, (request) => {
    seen.add(request.requestId);
    return decide(request);
  });
  w = await makeServedWorkspace(served.baseUrl, item);
});
afterAll(() => served.stop());
beforeEach(() => {
  decide = () => "PASS";
  seen.clear();
});

const isLeft = (requestId: string) => requestId.startsWith("left-");

/** Sends requests that the database never answers, and resets their connections once all turns are taken. */
async function sendAndLeave(method: string, turns: number, body = ""): Promise<void> {
  decide = ({ requestId }) => (isLeft(requestId) ? "HANG" : "PASS");
  const port = Number(new URL(served.baseUrl).port);
  const sockets = Array.from({ length: LEAVING }, () => connect(port, "127.0.0.1"));
  for (const [i, socket] of sockets.entries()) {
    const head = [
      `${method} ${w.path}/Item HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Authorization: Bearer ${w.key}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      `X-Request-Id: left-${i}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  }
  await expect.poll(() => [...seen].filter(isLeft).length, { timeout: SOON_MS }).toBe(turns);
  for (const socket of sockets) socket.resetAndDestroy();
  await Promise.all(sockets.map((socket) => once(socket, "close")));
}

async function respondsSoon(url: string, sending: Parameters<typeof send>[1]): Promise<number | undefined> {
  const start = performance.now();
  const answer = await send(url, sending);
  expect(performance.now() - start).toBeLessThan(SOON_MS);
  return answer?.status;
}

it("clients that leave while they read give their turns to others with the same key", async () => {
  const url = `${served.baseUrl}${w.path}/Item`;
  expect((await send(url, { method: "POST", token: w.key, body: { n: 1 } }))?.status).toBe(201);
  await sendAndLeave("GET", REQUESTS);
  expect(await respondsSoon(url, { method: "GET", token: w.key })).toBe(200);
});

it("clients that leave while they write give their turns to all others", async () => {
  const other = await makeServedWorkspace(served.baseUrl, item);
  const url = `${served.baseUrl}${other.path}/Item`;
  const create = { method: "POST", token: other.key, body: { n: 1 } };
  expect((await send(url, create))?.status).toBe(201);
  await sendAndLeave("POST", WRITES, JSON.stringify({ n: 1 }));
  expect(await respondsSoon(url, create)).toBe(201);
});
