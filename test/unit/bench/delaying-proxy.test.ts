import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { type DelayingProxy, startDelayingProxy } from "../../../bench/support/far/delaying-proxy.ts";

const DELAY_MS = 20;

/** A server that `handle`s each connection, behind a proxy that delays each way. */
async function startBehindProxy(handle: (socket: Socket) => void): Promise<DelayingProxy> {
  const server = createServer({ allowHalfOpen: true }, handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const proxy = await startDelayingProxy(`http://127.0.0.1:${port}`);
  proxy.delayMs = DELAY_MS;
  onTestFinished(async () => {
    await proxy.stop();
    server.close();
  });
  return proxy;
}

const connectTo = ({ url }: DelayingProxy) =>
  connect({ host: "127.0.0.1", port: Number(new URL(url).port), allowHalfOpen: true });

const echo = (socket: Socket) => socket.pipe(socket);

async function exchange(socket: Socket, message: string): Promise<number> {
  const start = performance.now();
  socket.write(message);
  const [chunk] = await once(socket, "data");
  expect(String(chunk)).toBe(message);
  return performance.now() - start;
}

it("delays each way, and a new connection by a round trip more", async () => {
  const socket = connectTo(await startBehindProxy(echo));
  expect(await exchange(socket, "first")).toBeGreaterThanOrEqual(4 * DELAY_MS - 1);
  expect(await exchange(socket, "second")).toBeGreaterThanOrEqual(2 * DELAY_MS);
  socket.destroy();
});

it("delivers everything in order", async () => {
  const socket = connectTo(await startBehindProxy(echo));
  const parts = Array.from({ length: 2_000 }, (_, i) => `${i} ${"x".repeat(i)}\n`);
  const received = text(socket);
  for (const part of parts) socket.write(part);
  socket.end();
  expect(await received).toBe(parts.join(""));
});

it("passes the end of one direction on, and keeps the other open", async () => {
  const proxy = await startBehindProxy(async (server) => {
    server.end(`received ${await text(server)}`);
  });
  const socket = connectTo(proxy);
  socket.end("everything");
  expect(await text(socket)).toBe("received everything");
});

it("counts requests, not their parts", async () => {
  let received = "";
  const proxy = await startBehindProxy((server) => {
    server.on("data", (chunk) => {
      received += chunk;
      if (received.endsWith(".")) server.write(received);
      if (received.endsWith(".")) received = "";
    });
  });
  const socket = connectTo(proxy).setNoDelay();
  for (const parts of [["one ", "request."], ["another."]]) {
    for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
    await once(socket, "data");
  }
  expect(proxy.requests()).toBe(2);
  socket.destroy();
});
