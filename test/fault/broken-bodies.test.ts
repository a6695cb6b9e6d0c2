import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

let served: Served;
let w: ServedWorkspace;
beforeAll(async () => {
  served = await serveWorker();
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Note",
    columns: [{ name: "text", type: "VARCHAR" }],
  });
});
afterAll(() => served.stop());

/** Sends these bytes, then nothing more, and returns the response until the server closes. */
function send(head: readonly string[], body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ port: served.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
    socket.end(`${[...head, "Host: localhost"].join("\r\n")}\r\n\r\n${body}`);
  });
}

const CHUNKED = "Transfer-Encoding: chunked";
const BODIES: readonly (readonly [name: string, header: string, body: string])[] = [
  ["shorter than its length", "Content-Length: 999", '{"text":"cut"}'],
  ["none of its length", "Content-Length: 14", ""],
  ["without its last chunk", CHUNKED, 'e\r\n{"text":"cut"}\r\n'],
  ["cut within a chunk", CHUNKED, 'ff\r\n{"text":"cut"}'],
  ["with a chunk size that is none", CHUNKED, 'zz\r\n{"text":"cut"}\r\n0\r\n\r\n'],
];

describe.each(BODIES)("a body %s", (_, header, body) => {
  it.each([
    ["POST /Note", ""],
    ["POST /Note", "Idempotency-Key: k"],
    ["PUT /Note/1", ""],
    ["PUT /Note/bulk", ""],
    ["POST /transaction", ""],
    ["DELETE /Note/bulk", ""],
  ])("is told the client and changes nothing: %s %s", async (request, more) => {
    const [method, path] = request.split(" ");
    const key = more ? [more] : [];
    const answer = await send(
      [`${method} ${w.path}${path} HTTP/1.1`, `Authorization: Bearer ${w.key}`, header, ...key],
      body,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("Request body could not be read");
    expect(await w.records("Note")).toEqual([]);
    expect(served.output()).not.toContain('"level":"error"');
  });

  it("is reported to administrators too", async () => {
    const answer = await send(
      [`POST ${w.adminPath}/entities HTTP/1.1`, `Authorization: Bearer ${ADMIN_TOKEN}`, header],
      body,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});
