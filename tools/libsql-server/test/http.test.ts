import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { CLOSE, execute, JSON_TYPE, pipeline, post, postRaw, query } from "./support/hrana.ts";
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
  const NOT_JSON = /^Cannot deserialize client message from JSON: ./;

  it.each([
    ["no JSON", "{", NOT_JSON],
    ["no object", "[]", NOT_JSON],
    ["no requests", "{}", NOT_JSON],
    ["an unknown request type", '{"requests":[{"type":"cursor"}]}', NOT_JSON],
    ["a request without type", '{"requests":[{}]}', NOT_JSON],
    ["no statement", '{"requests":[{"type":"execute"}]}', NOT_JSON],
    [
      "neither sql nor sql_id",
      '{"requests":[{"type":"execute","stmt":{}}]}',
      /^Either `sql` or `sql_id` are required$/,
    ],
    [
      "both sql and sql_id",
      '{"requests":[{"type":"execute","stmt":{"sql":"SELECT 1","sql_id":1}}]}',
      /^Either `sql` or `sql_id` are required, but not both$/,
    ],
    [
      "an SQL text that was not stored",
      '{"requests":[{"type":"execute","stmt":{"sql_id":7}}]}',
      /^SQL text 7 not found$/,
    ],
    [
      "an SQL text that is stored already",
      '{"requests":[{"type":"store_sql","sql_id":7,"sql":""},{"type":"store_sql","sql_id":7,"sql":""}]}',
      /^SQL text 7 already exists$/,
    ],
    [
      "args that are no array",
      '{"requests":[{"type":"execute","stmt":{"sql":"SELECT 1","args":{}}}]}',
      NOT_JSON,
    ],
    ["an empty body", "", NOT_JSON],
  ])("%s: 400 with sqld's text", async (_name, body, message) => {
    const server = await startTestServer();
    const response = await postRaw(server, body);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      400,
      "text/plain",
      expect.stringMatching(message),
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
    ["none", undefined, "Expected authorization header but none given"],
    ["a wrong one", "Bearer wrong", "The JWT is invalid"],
    ["one without scheme", "secret", "Auth string does not conform to '<scheme> <token>' form"],
    [
      "another scheme",
      "Basic secret",
      "The authentication scheme in the `Authorization` HTTP header is not supported",
    ],
    ["the right one", "Bearer secret", undefined],
    ["the right one, with the scheme in small letters", "bearer secret", undefined],
  ])("%s", async (_name, authorization, refusal) => {
    const server = await startTestServer({ authToken: "secret" });
    const response = await postRaw(server, SELECT_ONE, authorization === undefined ? {} : { authorization });
    const { error } = (await response.json()) as { error?: string };
    const expected = refusal === undefined ? [200, undefined] : [401, `Unauthorized: \`${refusal}\``];
    expect([response.status, error]).toEqual(expected);
  });

  it("is not needed for the health check", async () => {
    const server = await startTestServer({ authToken: "secret" });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

describe("a web page", () => {
  /** `fetch` sets Host itself. */
  async function statusFor(headers: Record<string, string>, body = SELECT_ONE): Promise<number | undefined> {
    const server = await startTestServer();
    const sent = request(`${server.url}/v2/pipeline`, { method: "POST", headers });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  it.each([
    ["a type that needs no preflight", { "content-type": "text/plain" }, 415],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["no type", { origin: "https://example.com" }, 415],
    ["JSON, which browsers ask for first", JSON_TYPE, 200],
    ["JSON with a charset", { "content-type": "application/json; charset=utf-8" }, 200],
    ["no type, from a client that is no browser", {}, 200],
  ])("that sends %s", async (_name, headers, status) => {
    expect(await statusFor(headers)).toBe(status);
  });

  it.each([
    ["example.com", 400],
    ["127.0.0.1.example.com", 400],
    ["localhost.example.com:8080", 400],
    ["10.0.0.1", 400],
    ["localhost:8080", 200],
    ["127.0.0.1", 200],
    ["[::1]:80", 200],
    ["db.localhost", 200],
  ])("that calls the server %s", async (host, status) => {
    expect(await statusFor({ ...JSON_TYPE, host })).toBe(status);
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
      headers: JSON_TYPE,
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
