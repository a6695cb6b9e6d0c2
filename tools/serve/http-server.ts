import { createServer } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { closeServer, listen } from "../runtime/http-listener.ts";
import { acceptsGzip, compressFor } from "./compress.ts";
import type { ConnectionBounds } from "./connection-bounds.ts";
import { Pipelines } from "./pipelines.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { ResponseBatches } from "./response-batches.ts";

const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const CHECK_EVERY_MS = 1_000;
/** The largest filter in a URL takes almost 100 KiB. */
const MAX_HEADER_BYTES = 128 * 1024;
const CLOSE_GRACE_MS = 10_000;

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly bounds: ConnectionBounds;
  readonly handle: (request: Request) => Response | Promise<Response>;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more requests and resolves when those that were taken are answered, at the latest after 10 s. */
  close(): Promise<void>;
}

/** Where a connection comes from, in the form in which workerd tells it. */
class Peer {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get clientIp(): string {
    const { remoteAddress = "", remotePort } = this.#socket;
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
    return address.includes(":") ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
  }
}

/** Serves requests over HTTP/1.1. Rejects with the system's error if the port is taken. */
export async function startHttpServer({ host, port, bounds, handle }: HttpOptions): Promise<HttpServer> {
  const batches = new ResponseBatches();
  const pipelines = new Pipelines();
  const answer = async (request: Request, { incoming, outgoing }: HttpBindings): Promise<Response> => {
    const turn = pipelines.untilFirst(incoming.socket, outgoing);
    if (turn) await turn;
    if (incoming.socket.destroyed) return unavailable();
    if (bounds.isFullFor(incoming.socket.remoteAddress)) return unavailable();
    Object.assign(request, { cf: new Peer(incoming.socket) });
    const { "accept-encoding": accepted } = incoming.headers;
    const response = handle(request);
    if (incoming.method !== "GET") {
      await response;
      /* Nothing more can be sent behind a body that was not read. */
      if (!incoming.complete) outgoing.setHeader("Connection", "close");
    }
    const answered = await (acceptsGzip(accepted) ? compressFor(request, await response) : response);
    await batches.untilDue();
    return answered;
  };
  const listener = getRequestListener((request, bindings) => answer(request, bindings as HttpBindings));
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    listener,
  );
  server.on("clientError", refuseMalformed);
  bounds.watch(server);
  return { port: await listen(server, { host, port }), close: () => closeServer(server, CLOSE_GRACE_MS) };
}

const unavailable = () =>
  Response.json(
    {
      error: {
        code: "SERVICE_UNAVAILABLE",
        message: "The service is temporarily unavailable — please retry",
      },
    },
    {
      status: 503,
      headers: { "Retry-After": "1", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" },
    },
  );
