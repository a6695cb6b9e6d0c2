import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A handshake takes both ways. */
const HANDSHAKE_WAYS = 2;

export interface DelayingProxy {
  readonly url: string;
  /** How long each way takes; 0 at first. */
  delayMs: number;
  /** Requests so far: how often a client sent something first, or after a response. Assumes HTTP without pipelining. */
  requests(): number;
  stop(): Promise<void>;
}

/**
 * A TCP proxy that passes everything on in order, `delayMs` later. Data on the way is not limited. A new connection costs
 * a round trip more, as a handshake does.
 */
export async function startDelayingProxy(target: string): Promise<DelayingProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let requests = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const acceptedAt = performance.now() + HANDSHAKE_WAYS * proxy.delayMs;
    const toServer = new DelayLine(acceptedAt);
    const toClient = new DelayLine(acceptedAt);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => open.delete(from));
    }
    let isRequest = false;
    client.on("data", () => {
      if (!isRequest) requests += 1;
      isRequest = true;
    });
    upstream.on("data", () => {
      isRequest = false;
    });
    pass(client, upstream, (deliver) => toServer.add(deliver, proxy.delayMs));
    pass(upstream, client, (deliver) => toClient.add(deliver, proxy.delayMs));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  const proxy: DelayingProxy = {
    url: `http://127.0.0.1:${address.port}`,
    delayMs: 0,
    requests: () => requests,
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

function pass(from: Socket, to: Socket, delay: (deliver: () => void) => void): void {
  from.on("data", (chunk) => delay(() => to.destroyed || to.write(chunk)));
  from.on("end", () => delay(() => to.end()));
}

/** One direction of a connection. Delivers in order. */
class DelayLine {
  readonly #waiting: { readonly deliver: () => void; readonly dueAt: number }[] = [];
  readonly #acceptedAt: number;

  /** Nothing leaves before the connection is accepted. */
  constructor(acceptedAt: number) {
    this.#acceptedAt = acceptedAt;
  }

  add(deliver: () => void, delayMs: number): void {
    this.#waiting.push({ deliver, dueAt: Math.max(performance.now(), this.#acceptedAt) + delayMs });
    if (this.#waiting.length === 1) this.#deliverDue();
  }

  readonly #deliverDue = (): void => {
    for (;;) {
      const [first] = this.#waiting;
      if (!first) return;
      const waitMs = first.dueAt - performance.now();
      if (waitMs > 0) {
        // Timers are only exact to about a millisecond.
        if (waitMs > 1) setTimeout(this.#deliverDue, waitMs - 1);
        else setImmediate(this.#deliverDue);
        return;
      }
      first.deliver();
      this.#waiting.shift();
    }
  };
}
