import { beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, ask, expectFailure, expectStatus } from "../support/api.ts";
import { alice, customer } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer);
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  w.api("POST", "/Customer", { body, headers });
const NOT_JSON = { code: "BAD_REQUEST", message: "Request body is not valid JSON" };
const NOT_AN_OBJECT = { code: "BAD_REQUEST", message: "Request body must be a JSON object" };

describe("bodies", () => {
  it.each(["", "{", "{'a':1}", '{"a":1,}', "undefined", "\u0000", '{"a":NaN}', "\ufeff\ufeff{}"])(
    "%j is not valid JSON",
    async (body) => expectFailure(await post(body), 400, NOT_JSON),
  );

  it.each(["[]", "null", "1", '"text"', "true"])("%s is not an object", async (body) => {
    expectFailure(await post(body), 400, NOT_AN_OBJECT);
  });

  it("invalid UTF-8 is not valid JSON", async () => {
    const { exports } = await import("cloudflare:workers");
    const response = await exports.default.fetch(`https://edge.test${w.apiPath}/Customer`, {
      method: "POST",
      headers: { Authorization: `Bearer ${w.key}`, "Content-Type": "application/json" },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    });
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: { error: NOT_JSON },
    });
  });

  it("over 1 MiB are 413, with and without a Content-Length, even where the body is read twice", async () => {
    const { exports } = await import("cloudflare:workers");
    const body = JSON.stringify({ ...alice, name: "x".repeat(1024 * 1024) });
    const error = { code: "PAYLOAD_TOO_LARGE", message: "Request body is larger than 1048576 bytes" };
    const customers = `${w.apiPath}/Customer`;
    const rotation = `/admin/v1${w.adminPath}/api-keys/${w.keyId}/rotate`;
    for (const [path, token, headers] of [
      [customers, w.key, {}],
      [customers, w.key, { "Idempotency-Key": "k" }],
      [rotation, ADMIN_TOKEN, {}],
    ] as const) {
      expectFailure(await ask("POST", path, { token, body, headers }), 413, error);
      const streamed = await exports.default.fetch(`https://edge.test${path}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, ...headers },
        // Otherwise the runtime knows the length and declares it.
        body: new Blob([body]).stream().pipeThrough(new TransformStream()),
      });
      expect([path, streamed.status, await streamed.json()]).toEqual([path, 413, { error }]);
    }
  });

  it("that are nested too deep are refused before they are traversed", async () => {
    const answer = await post(`{"name":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    expect(answer.status, answer.text.slice(0, 200)).toBe(400);
    expect(answer.body.error.code).toBe("BAD_REQUEST");
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
  ])("of type %s are 415", async (type) => {
    const answer = await post(alice, { "Content-Type": type });
    expect(answer.status, answer.text).toBe(415);
    expect(answer.body.error.code).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  it.each(["br", "identity, gzip"])("that say to be encoded by %s are 415", async (encoding) => {
    expectFailure(await post(alice, { "Content-Encoding": encoding }), 415, {
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: "Content-Encoding is not supported: send the body as it is",
    });
  });

  it.each(["identity", "Identity", ""])("that say to be encoded by '%s' are read", async (encoding) => {
    const body = { ...alice, email: `${crypto.randomUUID()}@example.com` };
    expectStatus(await post(body, { "Content-Encoding": encoding }), 201);
  });

  it.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json", ""])(
    "of type '%s' are JSON",
    async (type) => {
      const body = { ...alice, email: `${crypto.randomUUID()}@example.com` };
      expectStatus(await post(body, { "Content-Type": type }), 201);
    },
  );

  it("with keys such as __proto__ get an error that names them as unknown fields", async () => {
    const answer = await post(
      '{"email":"p@example.com","name":"P","__proto__":{"x":1},"constructor":1,"toString":2}',
    );
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details).toEqual([
      { field: "__proto__", message: "is not a field of Customer" },
      { field: "constructor", message: "is not a field of Customer" },
      { field: "toString", message: "is not a field of Customer" },
    ]);
  });

  it.each([[{}], [["nobody"]], [{ toString: 1, valueOf: 2 }]])(
    "with %j as an id do not change it",
    async (id) => {
      expectFailure(await w.api("PUT", "/Customer/nobody", { body: { id, name: "N" } }), 422, {
        code: "VALIDATION_ERROR",
        message: "Validation failed: 1 error(s)",
        details: [{ field: "id", message: "cannot be changed" }],
      });
    },
  );

  it("with SQL as values store it as it is", async () => {
    const name = `Robert'); DROP TABLE "w1_customers";-- \\ \u2028 \u{1F600}`;
    const created = expectStatus(await post({ email: "bobby@example.com", name }), 201);
    const read = await w.api("GET", `/Customer/${created.body.data.id}`);
    expect(read.body.data.name).toBe(name);
  });
});

describe("methods", () => {
  it.each([
    ["POST", "/Customer/1", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"],
    ["PUT", "/Customer", "GET, POST, PATCH, DELETE, HEAD, OPTIONS"],
    ["DELETE", "", "GET, HEAD, OPTIONS"],
    ["PUT", "", "GET, HEAD, OPTIONS"],
    ["PROPFIND", "/Customer", "GET, POST, PATCH, DELETE, HEAD, OPTIONS"],
  ])("%s %s is 405 and names what is allowed", async (method, path, allow) => {
    const answer = await w.api(method, path);
    expect(answer.status, answer.text).toBe(405);
    expect(answer.body.error.code).toBe("METHOD_NOT_ALLOWED");
    expect(answer.headers.get("Allow")).toBe(allow);
  });

  it("OPTIONS needs no key", async () => {
    const answer = await ask("OPTIONS", `${w.apiPath}/Customer`);
    expect({ status: answer.status, allow: answer.headers.get("Allow") }).toEqual({
      status: 204,
      allow: "GET, POST, PATCH, DELETE, HEAD, OPTIONS",
    });
  });
});

describe("paths", () => {
  it.each(["/", "/nothing", "/api/v1", "/api/v1/a", "/admin/v2/x", "//", "/%ff"])(
    "%s is no route",
    async (path) => {
      expectFailure(await ask("GET", path), 404, { code: "NOT_FOUND", message: "Route not found" });
    },
  );
});

describe("keys", () => {
  const wellFormed = "sk_live_0000000000000000000000000000000000000000000";
  it.each([
    undefined,
    "",
    "Bearer",
    "Basic dXNlcjpwYXNz",
    "Bearer x",
    `Bearer ${wellFormed}000000`,
    `Bearer ${wellFormed}`,
    "Bearer sk_live_\u00e9",
  ])("Authorization: %s is refused", async (authorization) => {
    const answer = await ask("GET", `${w.apiPath}/Customer`, {
      headers:
        authorization === undefined ? {} : { Authorization: encodeURI(authorization).replaceAll("%20", " ") },
    });
    expectFailure(answer, 401, { code: "UNAUTHORIZED", message: "Invalid API key" });
  });

  it("the scheme is case-insensitive", async () => {
    for (const scheme of ["bearer", "BEARER"]) {
      const headers = { Authorization: `${scheme} ${w.key}` };
      expectStatus(await ask("GET", `${w.apiPath}/Customer`, { headers }), 200);
    }
  });

  it("look as documented", () => {
    expect(w.key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
  });
});

describe("every answer", () => {
  it("carries the caller's request id if it is valid, otherwise a new one", async () => {
    const idOf = async (sent: string) => {
      const answer = await ask("GET", "/healthz", { headers: { "X-Request-Id": sent } });
      return answer.headers.get("X-Request-Id");
    };
    expect(await idOf("abc-1._Z")).toBe("abc-1._Z");
    expect(await idOf("has space")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf("x".repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("has Server-Timing, errors included", async () => {
    for (const path of ["/Customer", "/Nothing"]) {
      expect((await w.api("GET", path)).headers.get("Server-Timing")).toMatch(/^auth;dur=\d+.*, db;dur=\d+/);
    }
  });

  it("health needs no key", async () => {
    expect((await ask("GET", "/healthz")).body).toEqual({ status: "ok" });
    expect((await ask("GET", "/readyz")).body).toEqual({ status: "ready" });
  });
});
