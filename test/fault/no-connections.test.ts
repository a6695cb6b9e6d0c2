import { afterAll, beforeAll, expect, it } from "vitest";
import { KeptStreams } from "../../src/libsql/kept-streams.ts";
import { openHttpDatabase } from "../../src/libsql/open-http-database.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { send } from "../support/processes/send.ts";
import { makeServedWorkspace, serveWorker } from "../support/processes/served-workspace.ts";
import { startOwnDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/* A libSQL server opens at most 128 connections. */

const MOST_CONNECTIONS = 128;

let server: TestDatabase;
beforeAll(async () => {
  server = await startOwnDatabase();
});
afterAll(() => server.stop());

async function post(baton: string | null, request: object): Promise<Response> {
  return fetch(`${server.url}/v3/pipeline`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ baton, requests: [request] }),
  });
}

/** Opens a stream that stays open. Returns its baton; undefined if the server has no connection left. */
async function openStream(): Promise<string | undefined> {
  const response = await post(null, { type: "get_autocommit" });
  if (response.status === 429) return undefined;
  return ((await response.json()) as { baton: string }).baton;
}

/** Takes every connection that is free. */
async function takeAll(): Promise<string[]> {
  const batons = await Promise.all(Array.from({ length: MOST_CONNECTIONS }, openStream));
  return batons.filter((baton) => baton !== undefined);
}

const giveBack = (batons: readonly string[]) =>
  Promise.all(batons.map((baton) => post(baton, { type: "close" })));

it("a request gets 503 with Retry-After, and the next one is answered when there are connections again", async () => {
  const variables = { LIBSQL_URL: server.url, LIBSQL_STREAMS: "0" };
  const served = await serveWorker({ ...variables, ADMIN_TOKEN });
  try {
    const columns = [{ name: "name", type: "VARCHAR" }];
    const w = await makeServedWorkspace(served.baseUrl, { name: "Item", columns });
    const list = () =>
      fetch(`${served.baseUrl}${w.path}/Item`, { headers: { authorization: `Bearer ${w.key}` } });
    const create = () =>
      send(`${served.baseUrl}${w.path}/Item`, { method: "POST", token: w.key, body: { name: "x" } });
    expect((await list()).status).toBe(200);
    const taken = await takeAll();
    expect(taken).toHaveLength(MOST_CONNECTIONS);
    const refused = await list();
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    expect((await create())?.status).toBe(503);
    await giveBack(taken);
    expect(await (await list()).json()).toMatchObject({ data: [], meta: { totalElements: 0 } });
    expect((await create())?.status).toBe(201);
  } finally {
    await served.stop();
  }
});

it("streams that are kept are given back, and none are kept for a while", async () => {
  const streams = new KeptStreams(2);
  const open = () => openHttpDatabase({ url: server.url, authToken: undefined, requestId: "test" }, streams);
  const slow = {
    sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT max(i) FROM n",
    args: [],
  };
  /* The second time shows that open streams are no faster, so that nobody waits for one. */
  for (let i = 0; i < 2; i++) await Promise.all([open().read([slow]), open().read([slow])]);
  const taken = await takeAll();
  expect(taken).toHaveLength(MOST_CONNECTIONS - 2);

  const reads = await Promise.allSettled(Array.from({ length: 3 }, () => open().read([slow])));
  expect(reads.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(reads.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "SERVICE_UNAVAILABLE", headers: { "Retry-After": "1" } },
  });
  const givenBack = await takeAll();
  expect(givenBack).toHaveLength(2);

  await giveBack(givenBack);
  await open().read([slow]);
  const notKept = await takeAll();
  expect(notKept).toHaveLength(2);
  await giveBack([...taken, ...notKept]);
});
