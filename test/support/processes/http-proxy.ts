import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

/**
 * What happens to a request. It passes. Or its connection is cut before the server gets it, or after the server
 * responded. Or nobody ever responds, before or after the server ran it. Or only half of the response arrives, or all
 * of it late. Or the proxy responds, with `isRun` if the server ran it.
 */
export type Fate = Forwarded | "CUT_BEFORE" | "HANG" | ProxyAnswer;
type Forwarded = "PASS" | "CUT_AFTER" | "HANG_AFTER" | "STALL" | "DELAY";

export const DELAY_MS = 300;

export interface ProxyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isRun?: boolean;
}

export interface SeenRequest {
  /** From 1. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Its `X-Request-Id`. The Worker sends the database the id of the request that it works for. */
  readonly requestId: string;
}

export interface HttpProxy {
  readonly url: string;
  /** Connections that clients hold open. */
  connections(): Promise<number>;
  /** Requests without a whole response whose client still waits. */
  waiting(): number;
  stop(): Promise<void>;
}

/** A proxy on its own port that asks what to do with each request. */
export async function startHttpProxy(
  target: string,
  decide: (seen: SeenRequest) => Fate | Promise<Fate>,
): Promise<HttpProxy> {
  let count = 0;
  const waiting = new Set<ServerResponse>();
  const server = createServer(async (incoming, outgoing) => {
    waiting.add(outgoing);
    outgoing.once("close", () => waiting.delete(outgoing));
    const requestId = String(incoming.headers["x-request-id"] ?? "");
    const { method = "", url: path = "" } = incoming;
    const body = await text(incoming).catch(() => undefined);
    if (body === undefined) return;
    const fate = await decide({ number: ++count, method, path, requestId, body });
    if (fate === "CUT_BEFORE") incoming.socket.destroy();
    else if (fate === "HANG") return;
    else if (typeof fate === "object" && !fate.isRun) answerWith(outgoing, fate);
    else forward({ target, incoming, body }, outgoing, fate);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    waiting: () => waiting.size,
    connections: () => promisify(server.getConnections.bind(server))(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const answerWith = (outgoing: ServerResponse, { status, headers, body = "" }: ProxyAnswer) =>
  outgoing.writeHead(status, headers).end(body);

interface Forwarding {
  readonly target: string;
  readonly incoming: IncomingMessage;
  readonly body: string;
}

function forward(
  { target, incoming, body }: Forwarding,
  outgoing: ServerResponse,
  fate: Forwarded | ProxyAnswer,
): void {
  const { method, headers, url = "/" } = incoming;
  const call = request(new URL(url, target), { method: method ?? "GET", headers }, (answer) => {
    const pass = () => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    };
    if (fate === "PASS") pass();
    else if (fate === "DELAY") setTimeout(pass, DELAY_MS);
    else if (fate === "STALL") {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.once("data", (chunk: Buffer) => outgoing.write(chunk.subarray(0, chunk.length / 2))).resume();
    } else {
      answer.resume().once("end", () => {
        if (fate === "CUT_AFTER") incoming.socket.destroy();
        else if (typeof fate === "object") answerWith(outgoing, fate);
      });
    }
  });
  call.once("error", () => incoming.socket.destroy());
  call.end(body);
}
