import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ConnectionBounds } from "../connection-bounds.ts";
import { type HttpServer, startHttpServer } from "../http-server.ts";

let server: HttpServer;
let running = 0;
let mostAtOnce = 0;
let handled: string[] = [];
const bothRun = Promise.withResolvers<void>();

beforeAll(async () => {
  const bounds = new ConnectionBounds({ connections: 100, perAddress: 100, unreadBytes: 1_000_000 });
  server = await startHttpServer({ host: "127.0.0.1", port: 0, bounds, handle });
});
afterAll(() => server.close());
beforeEach(() => {
  mostAtOnce = 0;
  handled = [];
});

async function handle(request: Request): Promise<Response> {
  running += 1;
  mostAtOnce = Math.max(mostAtOnce, running);
  const { pathname } = new URL(request.url);
  if (running === 2) bothRun.resolve();
  await (pathname === "/both" ? bothRun.promise : new Promise(setImmediate));
  running -= 1;
  handled.push(pathname);
  return new Response(`<${pathname}>${await request.text()}`);
}

/** Everything that the server sends before it closes the connection, or before the text ends so. */
async function receive(requests: string, end: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
    if (received.endsWith(end)) socket.end();
  });
  socket.on("error", () => undefined);
  socket.write(requests);
  await once(socket, "close");
  return received;
}

const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const paths = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`);

it("handles the requests of one connection one at a time, in order", async () => {
  const sent = paths(50);
  const received = await receive(
    sent.map((path, i) => (i % 2 ? post(path) : get(path))).join(""),
    "</49>body",
  );
  expect([...received.matchAll(/<(\/\d+)>/g)].map(([, path]) => path)).toEqual(sent);
  expect(mostAtOnce).toBe(1);
});

it("handles the requests of several connections at once", async () => {
  const both = ["/both", "/both"].map((path) => receive(get(path), `<${path}>`));
  expect((await Promise.all(both)).map((text) => text.slice(-7))).toEqual(["</both>", "</both>"]);
});

it("closes a connection on which more than 100 requests wait", async () => {
  await receive(paths(500).map(get).join(""), "</499>");
  expect(handled.length).toBeLessThan(100);
});
