import { describe, expect, it } from "vitest";
import { CLOSE, execute, pipeline, post, postRaw, query } from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

const SELECT_ONE = JSON.stringify({ requests: [execute("SELECT 1"), CLOSE] });

describe("paths", () => {
  it.each([
    ["GET", "/health", 200],
    ["GET", "/v2", 200],
    ["GET", "/v3", 200],
    ["POST", "/v4/pipeline", 404],
    ["GET", "/v3-protobuf", 404],
    ["GET", "/v2/pipeline", 404],
    ["GET", "/v4", 404],
    ["GET", "/_stats/total", 404],
  ])("%s %s answers %i", async (method, path, status) => {
    const server = await startTestServer();
    const response = await fetch(server.url + path, { method });
    expect([response.status, await response.text()]).toEqual([status, expect.any(String)]);
  });
});

describe("malformed requests", () => {
  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["no requests", "{}"],
    ["an unknown request type", '{"requests":[{"type":"cursor"}]}'],
    ["a request without type", '{"requests":[{}]}'],
    ["no statement", '{"requests":[{"type":"execute"}]}'],
    ["neither sql nor sql_id", '{"requests":[{"type":"execute","stmt":{}}]}'],
    ["both sql and sql_id", '{"requests":[{"type":"execute","stmt":{"sql":"SELECT 1","sql_id":1}}]}'],
    ["args that are no array", '{"requests":[{"type":"execute","stmt":{"sql":"SELECT 1","args":{}}}]}'],
    ["an empty body", ""],
  ])("%s: 400 with code and message", async (_name, body) => {
    const server = await startTestServer();
    const response = await postRaw(server, body);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: "MALFORMED_REQUEST", message: expect.any(String) },
    ]);
  });

  it("run nothing of the pipeline they are in", async () => {
    const server = await startTestServer();
    const response = await post(server, { requests: [execute("CREATE TABLE t (a)"), { type: "nonsense" }] });
    expect(response.status).toBe(400);
    expect((await query(server, "SELECT * FROM sqlite_schema")).rows).toEqual([]);
  });
});

describe("bearer token", () => {
  it.each([
    ["none", undefined, 401],
    ["a wrong one", "Bearer wrong", 401],
    ["another scheme", "Basic secret", 401],
    ["the right one", "Bearer secret", 200],
  ])("%s", async (_name, authorization, status) => {
    const server = await startTestServer({ authToken: "secret" });
    const response = await postRaw(server, SELECT_ONE, authorization === undefined ? {} : { authorization });
    const body = (await response.json()) as { code?: string };
    expect([response.status, body.code]).toEqual([status, status === 401 ? "UNAUTHORIZED" : undefined]);
  });

  it("is not needed for the health check", async () => {
    const server = await startTestServer({ authToken: "secret" });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

describe("body size", () => {
  const large = JSON.stringify({ requests: [execute(`SELECT '${"x".repeat(5000)}'`), CLOSE] });

  it("over the limit is 413, whether declared or streamed, and the server goes on", async () => {
    const server = await startTestServer({ maxBodyBytes: 1000 });
    const declared = await postRaw(server, large);
    expect([declared.status, await declared.json()]).toMatchObject([413, { code: "PAYLOAD_TOO_LARGE" }]);
    const streamed = await fetch(`${server.url}/v2/pipeline`, {
      method: "POST",
      body: new Blob([large]).stream(),
      duplex: "half",
    } as RequestInit);
    expect([streamed.status, await streamed.json()]).toMatchObject([413, { code: "PAYLOAD_TOO_LARGE" }]);
    expect((await postRaw(server, SELECT_ONE)).status).toBe(200);
  });

  it("within the limit passes in several chunks, with characters cut between them", async () => {
    const server = await startTestServer();
    const long = "é".repeat(300_001);
    const result = await query(server, "SELECT ?", [{ type: "text", value: long }]);
    expect(result.rows[0]?.[0]?.value === long).toBe(true);
  });
});

describe("stats", () => {
  it("count pipeline requests in total and by X-Request-Id", async () => {
    const server = await startTestServer({ stats: true });
    const send = (id: string) => postRaw(server, SELECT_ONE, { "x-request-id": id });
    await send("a");
    await send("b b");
    await send("a");
    await pipeline(server, [CLOSE]);
    const count = async (path: string) => (await fetch(server.url + path)).json();
    expect(await count("/_stats/total")).toEqual({ count: 4 });
    expect(await count("/_stats/requests?id=a")).toEqual({ count: 2 });
    expect(await count("/_stats/requests?id=b%20b")).toEqual({ count: 1 });
    expect(await count("/_stats/requests?id=never")).toEqual({ count: 0 });
  });
});
