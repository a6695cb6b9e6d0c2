import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Answer, ask, askAdmin, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "VARCHAR" }] });
});

/** Miniflare counts by the minute of the clock, so no test may run across its end. */
const MINUTE_MS = 60_000;
beforeEach(async () => {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS);
  if (left < 8_000) await new Promise((resolve) => setTimeout(resolve, left));
});

describe("a rate limit", () => {
  it("is shown in every response, and ends in 429 with Retry-After; each key has its own", async () => {
    const v = await makeWorkspace({ name: "Note", columns: [] });
    expectStatus(await v.admin("PATCH", "", { body: { rateLimit: 60 } }), 200);
    const first = expectStatus(await v.api("GET", "/Note"), 200);
    expect(first.headers.get("RateLimit-Policy")).toBe('"key";q=60;w=60');
    expect(first.headers.get("RateLimit")).toMatch(/^"key";r=59;t=60$/);
    let last = first;
    for (let i = 0; i < 70 && last.status === 200; i++) last = await v.api("GET", "/Note");
    expect(last.status).toBe(429);
    expect(last.body.error).toEqual({
      code: "RATE_LIMITED",
      message: expect.stringMatching(/^Rate limit exceeded: 60 requests a minute — retry in \d+ s$/),
    });
    expect(Number(last.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(last.headers.get("RateLimit")).toMatch(/^"key";r=0;t=\d+$/);
    const { answer, roundTrips } = await askCounted("GET", `${v.apiPath}/Note`, { token: v.key });
    expect([answer.status, roundTrips]).toEqual([429, 0]);
    const other = await v.createKey();
    expectStatus(await ask("GET", `${v.apiPath}/Note`, { token: other.key }), 200);
    const reader = await v.createKey({ permission: "READ_ONLY" });
    for (let i = 0; i < 61; i++) await ask("GET", `${v.apiPath}/Note`, { token: reader.key });
    const refused = await ask("POST", `${v.apiPath}/Note`, { token: reader.key, body: {} });
    expect(refused.status).toBe(403);
    const creator = await v.createKey({ scopes: [{ entity: "Note", operations: ["create"] }] });
    for (let i = 0; i < 61; i++) await ask("GET", `${v.apiPath}/Note`, { token: creator.key });
    expectStatus(await ask("GET", `${v.apiPath}/Note`, { token: creator.key }), 403);
    expectStatus(await ask("POST", `${v.apiPath}/Note`, { token: creator.key, body: {} }), 429);
  });

  it("counts a request once, however often it asks the database", async () => {
    const v = await makeWorkspace({
      name: "Note",
      columns: [{ name: "text", type: "VARCHAR", unique: true }],
    });
    expectStatus(await v.admin("PATCH", "", { body: { rateLimit: 300 } }), 200);
    const left = ({ headers }: Answer) => Number(/r=(\d+)/.exec(headers.get("RateLimit") ?? "")?.[1]);
    const list = () => v.api("GET", "/Note");
    /* The first response is compared with the document, which is fetched with the same key. */
    await list();
    const before = left(await list());
    const path = `${v.apiPath}/Note/bulk`;
    const body = [{ text: "same" }, { text: "same" }];
    const { answer, roundTrips } = await askCounted("POST", path, { token: v.key, body });
    expect(answer.body).toMatchObject({ succeeded: 1, failed: 1 });
    expect(roundTrips).toBeGreaterThan(1);
    expect([left(answer), left(await list())]).toEqual([before - 1, before - 2]);
  });

  it("is absent unless the workspace has one", async () => {
    const { headers } = await w.api("GET", "/Note");
    expect([headers.get("RateLimit"), headers.get("RateLimit-Policy")]).toEqual([null, null]);
  });

  it("applies to requests without a known key, by address, but not to known keys", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.7" };
    expectStatus(await w.api("GET", "/Note", { headers }), 200);
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++)
      statuses.push((await ask("GET", `${w.apiPath}/Note`, { token: "sk_live_x", headers })).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.indexOf(429)).toBeGreaterThan(30);
    expectStatus(await w.api("GET", "/Note", { headers }), 200);
    const elsewhere = { "CF-Connecting-IP": "198.51.100.8" };
    expect((await ask("GET", `${w.apiPath}/Note`, { headers: elsewhere })).status).toBe(401);
    const network: number[] = [];
    for (let i = 0; i < 60; i++) {
      const address = { "CF-Connecting-IP": `2001:db8:7:8::${i}` };
      network.push((await ask("GET", `${w.apiPath}/Note`, { token: "sk_live_x", headers: address })).status);
    }
    expect(network.at(-1)).toBe(429);
  });

  it("applies to wrong admin credentials, by address, but not to the right one", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.11" };
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++)
      statuses.push((await ask("GET", "/admin/v1/organizations", { token: `wrong${i}`, headers })).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.indexOf(429)).toBeGreaterThan(30);
    expectStatus(await askAdmin("GET", "/organizations", { headers }), 200);
  });

  it("applies to a key that has ended; until the limit, responses say why", async () => {
    const { id, key } = await w.createKey();
    const headers = { "CF-Connecting-IP": "198.51.100.9" };
    const list = () => ask("GET", `${w.apiPath}/Note`, { token: key, headers });
    expectStatus(await list(), 200);
    const expire = (expiresAt: string | null) => w.admin("PATCH", `/api-keys/${id}`, { body: { expiresAt } });
    expectStatus(await expire("2020-01-01T00:00:00Z"), 200);
    for (let i = 0; i < 3; i++) {
      expectFailure(await list(), 401, { code: "UNAUTHORIZED", message: "API key has expired" });
    }
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++) statuses.push((await list()).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const { roundTrips } = await askCounted("GET", `${w.apiPath}/Note`, { token: key, headers });
    expect(roundTrips).toBe(0);
    expectStatus(await expire(null), 200);
    expectStatus(await list(), 200);
  });
});

describe("cross-origin requests", () => {
  const origin = "https://app.example.com";
  const preflight = (path: string) =>
    ask("OPTIONS", path, {
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
      },
    });

  it("are allowed from any origin by default, errors included", async () => {
    const allowed = await preflight(`${w.apiPath}/Note/1`);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(allowed.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
    expect(allowed.headers.get("Access-Control-Allow-Headers")).toContain("Idempotency-Key");
    const answers = [
      await w.api("GET", "/Note", { headers: { Origin: origin } }),
      await ask("GET", `${w.apiPath}/Note`, { headers: { Origin: origin } }),
      await w.api("GET", "/Nothing", { headers: { Origin: origin } }),
      await ask("GET", "/api/v1/no/where/Note", { headers: { Origin: origin } }),
    ];
    for (const { headers } of answers) {
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("Access-Control-Expose-Headers")).toContain("ETag");
      expect(headers.get("Vary")).toContain("Origin");
    }
  });

  it("are allowed from listed origins only", async () => {
    const corsAllowedOrigins = [origin, "http://localhost:3000"];
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins } }), 200);
    const mine = await w.api("GET", "/Note", { headers: { Origin: origin } });
    expect(mine.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect((await preflight(`${w.apiPath}/Note`)).headers.get("Access-Control-Allow-Origin")).toBe(origin);
    for (const other of ["https://evil.example", "null", `${origin}.evil.example`]) {
      const { headers } = await w.api("GET", "/Note", { headers: { Origin: other } });
      expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins: [] } }), 200);
    const any = await w.api("GET", "/Note", { headers: { Origin: "https://else.example" } });
    expect(any.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  it("are not allowed from another origin, however often it asks", async () => {
    const v = await makeWorkspace({ name: "Note", columns: [] });
    expectStatus(await v.admin("PATCH", "", { body: { corsAllowedOrigins: [origin] } }), 200);
    const headers = { "CF-Connecting-IP": "198.51.100.77", Origin: "https://evil.example" };
    const seen = new Set<string | null>();
    for (let i = 0; i < 60; i++) {
      seen.add((await v.api("GET", "/Note", { headers })).headers.get("Access-Control-Allow-Origin"));
    }
    expect([...seen]).toEqual([null]);
    const mine = await v.api("GET", "/Note", { headers: { ...headers, Origin: origin } });
    expect(mine.headers.get("Access-Control-Allow-Origin")).toBe(origin);
  });

  it("can read 401 and 429 even if the workspace's setting is unknown", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.78", Origin: "https://else.example" };
    for (let i = 0; i < 60; i++) {
      const answer = await ask("GET", `/api/v1/no/where${i}/Note`, { headers });
      expect([401, 429]).toContain(answer.status);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    }
  });

  it("are not possible for the admin API", async () => {
    const { headers } = await askAdmin("GET", "/organizations", { headers: { Origin: origin } });
    expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  it("accept requests without an origin, and with a malformed one", async () => {
    expectStatus(
      await w.api("GET", "/Note", { headers: { Origin: "\u0001" } }).catch(() => w.api("GET", "/Note")),
      200,
    );
    expectFailure(await w.api("GET", "/Nope", {}), 404, {
      code: "NOT_FOUND",
      message: "Entity not found: Nope",
    });
  });
});
