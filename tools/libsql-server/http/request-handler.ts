import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeCursor, decodePipeline } from "../hrana/decode-pipeline.ts";
import { HttpError, httpError } from "../hrana/errors.ts";
import type { Cursor, Pipeline } from "../hrana/protocol.ts";
import type { Output } from "../hrana/run-cursor.ts";
import { refuseForeignPages } from "./browser-guard.ts";
import { readBody } from "./read-body.ts";
import type { RequestStats } from "./request-stats.ts";

export interface HandlerParts {
  readonly runPipeline: (pipeline: Pipeline) => Promise<string>;
  readonly runCursor: (cursor: Cursor, open: () => Output) => Promise<void>;
  /** Throws HttpError 401. */
  readonly checkToken: (header: string | undefined) => void;
  /** Whether only this machine can reach the server, so that only its names may be used for it. */
  readonly isLoopback: boolean;
  readonly maxBodyBytes: number;
  readonly stats: RequestStats | undefined;
  readonly onRequest: ((request: IncomingMessage) => void) | undefined;
}

interface Answer {
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly body: string;
}

/** Handles one HTTP request. Never throws. */
export async function handleRequest(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    parts.onRequest?.(request);
    const answer = await route(parts, request, response);
    if (answer) send(response, answer);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else send(response, toErrorAnswer(error));
  }
}

/** Hrana 2 and 3 have the same pipelines. */
const PIPELINES = new Set(["/v2/pipeline", "/v3/pipeline"]);

/** Undefined when the response has been sent in pieces. */
async function route(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | undefined> {
  const { method, url = "/", headers } = request;
  if (parts.isLoopback) refuseForeignPages(headers, method);
  if (method === "GET" && url === "/health") return text("OK");
  parts.checkToken(headers.authorization);
  if (method === "POST" && PIPELINES.has(url)) {
    parts.stats?.record(readRequestId(request));
    const pipeline = decodePipeline(await readBody(request, parts.maxBodyBytes));
    return json(await parts.runPipeline(pipeline));
  }
  if (method === "POST" && url === "/v3/cursor") {
    parts.stats?.record(readRequestId(request));
    const cursor = decodeCursor(await readBody(request, parts.maxBodyBytes));
    await parts.runCursor(cursor, () => openOutput(response));
    response.end();
    return undefined;
  }
  if (method === "GET" && /^\/v[23]$/.test(url)) return text("Hello, this is HTTP API v2 (Hrana over HTTP)");
  const stats = method === "GET" ? answerStats(parts.stats, url) : undefined;
  if (stats) return stats;
  throw httpError(404, `There is no ${method} ${url}`);
}

/** A cursor's lines are text for sqld, too. */
function openOutput(response: ServerResponse): Output {
  response.writeHead(200, { "content-type": "text/plain" });
  return {
    write(lines) {
      if (response.destroyed) return Promise.reject(new Error("the client has gone"));
      if (response.write(lines)) return undefined;
      return Promise.race([once(response, "drain"), once(response, "close")]).then(() => undefined);
    },
  };
}

function answerStats(stats: RequestStats | undefined, url: string): Answer | undefined {
  if (!stats || !url.startsWith("/_stats/")) return undefined;
  const { pathname, searchParams } = new URL(url, "http://localhost");
  if (pathname === "/_stats/total") return json(JSON.stringify({ count: stats.total }));
  const id = searchParams.get("id");
  if (pathname !== "/_stats/requests" || id === null) return undefined;
  return json(JSON.stringify({ count: stats.count(id) }));
}

function readRequestId(request: IncomingMessage): string | undefined {
  const header = request.headers["x-request-id"];
  return Array.isArray(header) ? header[0] : header;
}

function text(body: string): Answer {
  return { status: 200, type: "text/plain", body };
}

function json(body: string): Answer {
  return { status: 200, type: "application/json", body };
}

function toErrorAnswer(error: unknown): Answer {
  if (error instanceof HttpError) return error;
  console.error("libsql-server: unexpected error", error);
  return { status: 500, type: "application/json", body: '{"error":"Internal Error"}' };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  if (response.destroyed) return;
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
  // The rest of a refused body is never read, so the connection cannot be used again.
  response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers);
  // A string, not bytes: Node then sends headers and body in one write.
  response.end(body);
}
