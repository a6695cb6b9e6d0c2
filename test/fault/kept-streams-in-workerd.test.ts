import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { pause } from "../../src/lib/clock.ts";
import { type BehindProxy, serveWithProxy } from "../support/processes/behind-proxy.ts";
import type { Fate, SeenRequest } from "../support/processes/http-proxy.ts";
import { type InWorkerd, serveInWorkerd } from "../support/processes/serve-in-workerd.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* Requests that share one kept stream in workerd, where no request may use the I/O of another. */

const item = { name: "Item", columns: [{ name: "name", type: "VARCHAR", nullable: false }] };

let served: BehindProxy<InWorkerd>;
let w: ServedWorkspace;
let seen: SeenRequest[] = [];
let decide: (request: SeenRequest) => Fate | Promise<Fate> = () => "PASS";

beforeAll(async () => {
  const variables = { LIBSQL_STREAMS: "1" };
  const decideNow = (request: SeenRequest) => {
    seen.push(request);
    return decide(request);
  };
  served = await serveWithProxy(serveInWorkerd, decideNow, variables);
  w = await makeServedWorkspace(served.baseUrl, item);
});
afterAll(() => served.stop());
beforeEach(() => {
  decide = () => "PASS";
  seen = [];
});

/** Longer than a request needs to reach the Worker, shorter than it waits there for a stream. */
const HELD_MS = 20;
/** Longer than any request waits for a stream. */
const HELD_LONG_MS = 60;

const opensStream = ({ body }: SeenRequest) => JSON.parse(body).baton === null;

async function send(path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${w.key}`, "content-type": "application/json", ...init.headers };
  const response = await fetch(`${served.baseUrl}${w.path}${path}`, { ...init, headers });
  return { status: response.status, body: JSON.parse(await response.text()) };
}
const create = (name: string) => send("/Item", { method: "POST", body: JSON.stringify({ name }) });

it("at the same time, each request gets its own response, and each write is done once", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `name ${i}`);
  const created = await Promise.all(names.map(create));
  expect(created.map(({ status, body }) => [status, body.data.name])).toEqual(
    names.map((name) => [201, name]),
  );
  const read = await Promise.all(created.map(({ body }) => send(`/Item/${body.data.id}`)));
  expect(read.map(({ body }) => body.data.name)).toEqual(names);
  const all = await w.records("Item");
  expect(all.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

it("a request waits for the stream of another one where that is cheaper than opening its own", async () => {
  const { body } = await create("one");
  const path = `/Item/${body.data.id}`;
  /** Sends a request while another one holds the stream. Returns whether it has opened its own. */
  const opensBeside = async (heldMs: number, opening: Fate): Promise<boolean> => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    const { promise: isAtDatabase, resolve } = Promise.withResolvers<void>();
    decide = async (request): Promise<Fate> => {
      if (request.requestId === first) {
        resolve();
        await pause(heldMs);
        return "PASS";
      }
      return opensStream(request) ? opening : "PASS";
    };
    const holding = send(path, { headers: { "x-request-id": first } });
    await isAtDatabase;
    const { status } = await send(path, { headers: { "x-request-id": second } });
    expect([(await holding).status, status]).toEqual([200, 200]);
    return seen.some((request) => request.requestId === second && opensStream(request));
  };
  /* The Worker learns that opening a stream takes long. */
  for (let i = 0; i < 5; i++) expect(await opensBeside(HELD_LONG_MS, "DELAY")).toBe(true);
  let waited = 0;
  for (let i = 0; i < 20; i++) if (!(await opensBeside(HELD_MS, "PASS"))) waited += 1;
  expect(waited).toBeGreaterThan(10);
});

it("clients that leave do not take the stream with them", async () => {
  const { body } = await create("two");
  const path = `/Item/${body.data.id}`;
  decide = ({ requestId }) => (requestId.startsWith("left") ? "HANG" : "PASS");
  for (let i = 0; i < 5; i++) {
    const leaving = new AbortController();
    const requestId = `left-${i}`;
    const left = send(path, { headers: { "x-request-id": requestId }, signal: leaving.signal });
    await expect.poll(() => seen.some((request) => request.requestId === requestId)).toBe(true);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const others = await Promise.all(Array.from({ length: 5 }, () => send(path)));
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  }
  await expect
    .poll(async () => {
      seen = [];
      await send(path);
      return seen.map(opensStream);
    })
    .toEqual([false]);
});
