import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* Clients that take connections and memory and release nothing. */

const CONNECTIONS = 20;
const LARGE = "x".repeat(90_000);
const RECORDS = 100;
const PATIENCE = { timeout: 30_000 };

let served: Served;
let w: ServedWorkspace;
beforeAll(async () => {
  const bounds = {
    MAX_CONNECTIONS: "40",
    MAX_CONNECTIONS_PER_ADDRESS: String(CONNECTIONS),
    MAX_UNREAD_MIB: "20",
  };
  served = await serveWorker(bounds);
  w = await makeServedWorkspace(served.baseUrl, { name: "Doc", columns: [{ name: "text", type: "TEXT" }] });
  for (let start = 0; start < RECORDS; start += 10) {
    const records = Array.from({ length: 10 }, () => ({ text: LARGE }));
    const response = await send("POST", `${w.path}/Doc/bulk`, JSON.stringify(records));
    expect(response.status).toBe(200);
  }
});
afterAll(() => served.stop());

const send = (method: string, path: string, body?: string) =>
  fetch(served.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${w.key}`, "content-type": "application/json" },
    ...(body !== undefined && { body }),
  });

/** A connection that sends a text and then nothing, and whether the server has closed it. */
async function open(text: string): Promise<{ readonly socket: Socket; readonly closed: Promise<string> }> {
  const socket = connect(served.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
  socket.write(text);
  await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed]);
  return { socket, closed };
}

const head = (method: string, path: string, ...lines: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, "Host: x", `Authorization: Bearer ${w.key}`, ...lines, "", ""].join("\r\n");

describe("npm run serve", () => {
  it("ends a request whose head or body stops in the middle", async () => {
    const halfHead = await open("GET /healthz HTTP/1.1\r\nHost: x\r\n");
    const body = ["Content-Type: application/json", "Content-Length: 100"];
    const halfBody = await open(`${head("POST", `${w.path}/Doc`, ...body)}{"text":`);
    expect(await halfHead.closed).toContain("408 Request Timeout");
    expect(await halfBody.closed).toMatch(/^HTTP\/1\.1 (?:408|400) /);
  });

  it("refuses a write that a key may not do before its body is sent", async () => {
    const admin = createApiClient(served.baseUrl, ADMIN_TOKEN);
    const body = { name: "reader", permission: "READ_ONLY" };
    const { key } = (await admin.require("POST", `${w.adminPath}/api-keys`, body)) as { key: string };
    const lines = ["Content-Type: application/json", "Content-Length: 100"];
    const paths = [
      ["POST", "/Doc"],
      ["PUT", "/Doc/1"],
      ["PATCH", "/Doc/1"],
      ["POST", "/Doc/bulk"],
      ["POST", "/transaction"],
    ] as const;
    for (const [method, path] of paths) {
      const { closed } = await open(head(method, w.path + path, ...lines).replace(w.key, key));
      expect(await closed).toMatch(/^HTTP\/1\.1 403 .*READ_ONLY/s);
    }
  });

  it("refuses connections beyond the bound of an address, and serves again when there is room", async () => {
    const opened = await Promise.all(
      Array.from({ length: CONNECTIONS + 5 }, () => open("GET / HTTP/1.1\r\n")),
    );
    await Promise.any(opened.map(({ closed }) => closed));
    for (const { socket } of opened) socket.destroy();
    await Promise.all(opened.map(({ closed }) => closed));
    const healthz = () => send("GET", "/healthz").then(({ status }) => status);
    await expect.poll(() => healthz().catch(() => 0), PATIENCE).toBe(200);
  });

  it("produces no more responses than clients read", async () => {
    const path = `${w.path}/Doc?size=${RECORDS}`;
    const unread = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const connection = await open(head("GET", path));
        connection.socket.pause();
        return connection;
      }),
    );
    await expect.poll(() => send("GET", path).then(({ status }) => status), PATIENCE).toBe(503);
    for (const { socket } of unread) socket.destroy();
    await expect.poll(() => send("GET", path).then(({ status }) => status), PATIENCE).toBe(200);
  });

  it("compresses large responses for clients that accept it, with the record's tag", async () => {
    const get = (path: string, encoding: string) =>
      fetch(served.baseUrl + path, {
        headers: { authorization: `Bearer ${w.key}`, "accept-encoding": encoding },
      });
    const [plain, packed, small] = [
      await get(`${w.path}/Doc/1`, "identity"),
      await get(`${w.path}/Doc/1`, "br, gzip;q=0.5"),
      await get("/healthz", "gzip"),
    ];
    const headersOf = ({ headers }: Response) => [headers.get("content-encoding"), headers.get("etag")];
    expect(headersOf(plain)).toEqual([null, plain.headers.get("etag")]);
    expect(headersOf(packed)).toEqual(["gzip", plain.headers.get("etag")]);
    expect(packed.headers.get("vary")).toContain("Accept-Encoding");
    expect(headersOf(small)).toEqual([null, null]);
    expect(await packed.text()).toBe(await plain.text());
  });

  it.each(["gzip;q=0", "br, GZIP ; q=0.000", "identity;q=1, gzip;q=0, *", "xgzip", "br"])(
    "does not compress for clients that refuse gzip: %s",
    async (encoding) => {
      const response = await fetch(`${served.baseUrl}${w.path}/Doc/1`, {
        headers: { authorization: `Bearer ${w.key}`, "accept-encoding": encoding },
      });
      expect(response.headers.get("content-encoding")).toBeNull();
    },
  );

  it("streams a compressed export", async () => {
    const response = await fetch(`${served.baseUrl}${w.path}/Doc/export?format=ndjson&fields=id`, {
      headers: { authorization: `Bearer ${w.key}`, "accept-encoding": "gzip" },
    });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect((await response.text()).trim().split("\n")).toHaveLength(RECORDS);
  });
});
