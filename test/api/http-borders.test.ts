import { beforeAll, describe, expect, it } from "vitest";
import { ask, askAdmin, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* HTTP's own rules for requests and responses: conditions, caches, encodings, origins. */

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "TEXT" }] });
});

async function newNote() {
  const created = expectStatus(await w.api("POST", "/Note", { body: { text: "a" } }), 201);
  return { path: `/Note/${created.body.data.id}`, tag: created.headers.get("ETag") ?? "" };
}

const MALFORMED = {
  code: "BAD_REQUEST",
  message: `Malformed If-Match — must be * or entity tags in double quotes, such as "1-abc"`,
};

describe("If-Match", () => {
  it.each([
    ["the weak form of the tag", (tag: string) => `W/${tag}`],
    ["the tag with a proxy's suffix", (tag: string) => tag.replace(/"$/, '-gzip"')],
    ["a list with the tag", (tag: string) => `"9-other", ${tag}`],
    ["a list with empty elements", (tag: string) => `, "9-other",, ${tag} ,`],
    ["any record", () => "*"],
  ])("holds for %s", async (_, headerOf) => {
    const { path, tag } = await newNote();
    const headers = { "If-Match": headerOf(tag) };
    expectStatus(await w.api("GET", path, { headers }), 200);
    expectStatus(await w.api("PUT", path, { body: { text: "b" }, headers }), 200);
    const current = (await w.api("GET", path)).headers.get("ETag") ?? "";
    expectStatus(await w.api("DELETE", path, { headers: { "If-Match": headerOf(current) } }), 204);
  });

  it.each(['"9-other", W/"8"', ","])(
    "fails for other tags or none, on reads and on writes: '%s'",
    async (tags) => {
      const { path } = await newNote();
      const headers = { "If-Match": tags };
      for (const method of ["GET", "PUT", "DELETE"]) {
        const body = method === "PUT" ? { text: "b" } : undefined;
        expectFailure(await w.api(method, path, { body, headers }), 412, {
          code: "PRECONDITION_FAILED",
          message: "The record has changed: If-Match does not hold",
        });
      }
    },
  );

  it.each(["1-abc", '"1-abc', '"a" "b"', '*, "1"'])("is refused when it is malformed: %s", async (tag) => {
    const { path } = await newNote();
    const headers = { "If-Match": tag };
    for (const method of ["GET", "PUT", "DELETE"]) {
      const body = method === "PUT" ? { text: "b" } : undefined;
      expectFailure(await w.api(method, path, { body, headers }), 400, MALFORMED);
    }
    const operation = { method: "DELETE", entity: "Note", id: 1, ifMatch: tag };
    expectFailure(await w.api("POST", "/transaction", { body: { operations: [operation] } }), 400, {
      ...MALFORMED,
      message: `Operation 0: ${MALFORMED.message}`,
    });
  });

  it("protects the schema in the same forms", async () => {
    const { headers, body } = expectStatus(await w.admin("GET", "/schema"), 200);
    const tag = headers.get("ETag") ?? "";
    const { entities } = body.data;
    const put = (ifMatch: string) =>
      w.admin("PUT", "/schema?dryRun=true", { body: { entities }, headers: { "If-Match": ifMatch } });
    expectStatus(await put(`"99", W/${tag}`), 200);
    expectStatus(await put('"99"'), 412);
    expectFailure(await put("1"), 400, MALFORMED);
    const get = (sent: Record<string, string>) => w.admin("GET", "/schema", { headers: sent });
    expectStatus(await get({ "If-Match": `W/${tag}` }), 200);
    expectStatus(await get({ "If-Match": '"99"' }), 412);
    expect(expectStatus(await get({ "If-None-Match": `"99", ${tag}` }), 304).headers.get("ETag")).toBe(tag);
    expectStatus(await get({ "If-None-Match": '"99"' }), 200);
  });

  it.each([
    ["PUT", "/schema?dryRun=true", "If-None-Match"],
    ["PATCH", "", "If-Match"],
    ["PATCH", "/entities/Note", "If-None-Match"],
    ["DELETE", "/entities/Note?confirm=Note", "If-Match"],
  ])(
    "is not ignored by the admin API where nothing checks it: %s %s with %s",
    async (method, path, header) => {
      const body = method === "DELETE" ? undefined : {};
      expectFailure(await w.admin(method, path, { body, headers: { [header]: '"99"' } }), 400, {
        code: "BAD_REQUEST",
        message: `${header} is not supported by this operation`,
      });
    },
  );
});

describe("If-None-Match on a write", () => {
  it("fails for a record that exists when it is *, or names its tag", async () => {
    const { path, tag } = await newNote();
    for (const sent of ["*", tag, `W/${tag}`])
      for (const method of ["PUT", "PATCH", "DELETE"]) {
        const body = method === "DELETE" ? undefined : { text: "b" };
        const answer = await w.api(method, path, { body, headers: { "If-None-Match": sent } });
        expectFailure(answer, 412, {
          code: "PRECONDITION_FAILED",
          message: "If-None-Match does not hold: the record exists",
        });
      }
    for (const sent of ['"9-other"', ","]) {
      const headers = { "If-None-Match": sent };
      expectStatus(await w.api("PUT", path, { body: { text: "b" }, headers }), 200);
    }
  });
});

describe("If-None-Match on a read", () => {
  it("returns the record for other tags or none, and 400 when it is malformed", async () => {
    const { path, tag } = await newNote();
    const paths = [path, "/openapi.json"];
    for (const each of paths) {
      for (const sent of ['"9-other"', ","])
        expectStatus(await w.api("GET", each, { headers: { "If-None-Match": sent } }), 200);
      for (const sent of ["1-abc", tag.slice(1)])
        expectFailure(await w.api("GET", each, { headers: { "If-None-Match": sent } }), 400, {
          code: "BAD_REQUEST",
          message: MALFORMED.message.replace("If-Match", "If-None-Match"),
        });
    }
    expectStatus(await w.api("GET", path, { headers: { "If-None-Match": `,${tag},` } }), 304);
  });
});

describe("a response", () => {
  const cacheOf = ({ headers }: { readonly headers: Headers }) => [
    headers.get("Cache-Control"),
    headers.get("X-Content-Type-Options"),
  ];

  it("with records may be cached by its client only, and must be revalidated", async () => {
    const { path, tag } = await newNote();
    const answers = [
      await w.api("GET", path),
      await w.api("GET", path, { headers: { "If-None-Match": tag } }),
      await w.api("GET", "/Note"),
      await w.api("GET", "/Note/export?format=ndjson"),
      await w.api("GET", "/Nothing"),
      await ask("GET", `${w.apiPath}/Note`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 304, 200, 200, 404, 401]);
    for (const answer of answers) expect(cacheOf(answer)).toEqual(["private, no-cache", "nosniff"]);
  });

  it("of the admin API is never cached", async () => {
    const body = { name: "k", permission: "READ_ONLY" };
    const answers = [await w.admin("GET", ""), await w.admin("POST", "/api-keys", { body })];
    for (const answer of answers) expect(cacheOf(answer)).toEqual(["no-store", "nosniff"]);
  });
});

describe("a compressed body", () => {
  async function gzip(text: string): Promise<ArrayBuffer> {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }
  const post = (body: ArrayBuffer, encoding: string) =>
    w.api("POST", "/Note", { body, headers: { "Content-Encoding": encoding } });

  it("is read when it is gzip", async () => {
    const answer = await post(await gzip(JSON.stringify({ text: "packed" })), "gzip");
    expect(expectStatus(answer, 201).body.data.text).toBe("packed");
  });

  it("is limited by its decompressed size", async () => {
    const bomb = await gzip(JSON.stringify({ text: "x".repeat(2 ** 21) }));
    expectFailure(await post(bomb, "gzip"), 413, {
      code: "PAYLOAD_TOO_LARGE",
      message: "Request body is larger than 1048576 bytes",
    });
  });

  it("is refused when it is broken, or in an unknown encoding", async () => {
    const whole = await gzip(JSON.stringify({ text: "packed" }));
    expect((await post(whole.slice(0, 20), "gzip")).status).toBe(400);
    expect((await post(await new Response("{}").arrayBuffer(), "gzip")).status).toBe(400);
    const refused = await post(whole, "br");
    expect([refused.status, refused.headers.get("Accept-Encoding")]).toEqual([415, "gzip"]);
  });
});

describe("allowed origins", () => {
  const allow = (...corsAllowedOrigins: string[]) => w.admin("PATCH", "", { body: { corsAllowedOrigins } });
  const allowedFor = async (origin: string) =>
    (await w.api("GET", "/Note", { headers: { Origin: origin } })).headers.get("Access-Control-Allow-Origin");

  it("may have a * in place of the leftmost labels of the host", async () => {
    expectStatus(await allow("https://*.example.com", "http://*.localhost:3000"), 200);
    for (const origin of ["https://a.example.com", "https://a.b.example.com", "http://x.localhost:3000"])
      expect(await allowedFor(origin)).toBe(origin);
    const others = [
      "https://example.com",
      "http://a.example.com",
      "https://a.example.com:8443",
      "https://aexample.com",
      "https://a.example.com.evil.example",
      "https://evil.example?.example.com",
      "https://.example.com",
    ];
    for (const origin of others) expect(await allowedFor(origin), origin).toBeNull();
  });

  it.each([
    "https://*",
    "https://a.*.example.com",
    "https://a*.example.com",
    "*",
    "*://example.com",
    "https://*.*.example.com",
    "https://example.com:*",
    "https://example.com/",
    "app",
    "capacitor://localhost/path",
  ])("are refused when they are none: %s", async (origin) => {
    expectFailure(await allow(origin), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [
        {
          field: "corsAllowedOrigins[0]",
          message: "must be an origin such as https://app.example.com or https://*.example.com",
        },
      ],
    });
  });

  it("may be those of apps, which are compared as they are", async () => {
    const apps = ["capacitor://localhost", "tauri://localhost", "chrome-extension://abc"];
    expectStatus(await allow(...apps), 200);
    for (const origin of apps) expect(await allowedFor(origin)).toBe(origin);
    for (const origin of ["capacitor://localhost2", "ionic://localhost"])
      expect(await allowedFor(origin)).toBeNull();
    expectStatus(await allow(), 200);
  });

  it("may send the headers of tracing", async () => {
    const headers = {
      Origin: "https://app.example.com",
      "Access-Control-Request-Method": "GET",
      "Access-Control-Request-Headers": "baggage, sentry-trace, traceparent, tracestate",
    };
    const answer = await ask("OPTIONS", `${w.apiPath}/Note`, { headers });
    const allowed = (answer.headers.get("Access-Control-Allow-Headers") ?? "").toLowerCase().split(", ");
    expect(allowed).toEqual(expect.arrayContaining(["baggage", "sentry-trace", "traceparent", "tracestate"]));
  });
});

it("an unknown parameter is refused, and the message says that this is on purpose", async () => {
  expectFailure(await w.api("GET", "/Note?_=1"), 400, {
    code: "BAD_REQUEST",
    message: "Unknown parameter '_' — unknown parameters are refused, so that no typo goes unnoticed",
  });
});

it("the admin API refuses an Idempotency-Key instead of ignoring it", async () => {
  const headers = { "Idempotency-Key": "key 1" };
  const body = { name: "k", permission: "READ_ONLY" };
  const message = "Idempotency-Key is not supported by the admin API";
  for (const [method, path] of [
    ["POST", "/api-keys"],
    ["PATCH", ""],
    ["DELETE", "/api-keys/1"],
  ] as const) {
    const answer = await w.admin(method, path, { body: method === "DELETE" ? undefined : body, headers });
    expectFailure(answer, 400, { code: "BAD_REQUEST", message });
  }
  expectStatus(await askAdmin("GET", "/organizations", { headers }), 200);
});
