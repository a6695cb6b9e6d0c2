import type { IncomingMessage, ServerResponse } from "node:http";
import { decodePipeline } from "../hrana/decode-pipeline.ts";
import { encodeError } from "../hrana/encode-result.ts";
import { ProtocolError } from "../hrana/errors.ts";
import type { Pipeline } from "../hrana/protocol.ts";
import { readBody } from "./read-body.ts";
import type { RequestStats } from "./request-stats.ts";

export interface HandlerParts {
  readonly runPipeline: (pipeline: Pipeline) => Promise<string>;
  readonly isAuthorized: (header: string | undefined) => boolean;
  readonly maxBodyBytes: number;
  readonly stats: RequestStats | undefined;
  readonly onRequest: ((request: IncomingMessage) => void) | undefined;
}

interface Answer {
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly body: string;
}

/** Answers one HTTP request; never throws. */
export async function handleRequest(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    parts.onRequest?.(request);
    send(response, await route(parts, request));
  } catch (error) {
    send(response, toErrorAnswer(error));
  }
}

/** Hrana 2, and what of Hrana 3 is JSON over HTTP without cursors: the same requests. */
const PIPELINES = new Set(["/v2/pipeline", "/v3/pipeline"]);

async function route(parts: HandlerParts, request: IncomingMessage): Promise<Answer> {
  const { method, url = "/" } = request;
  if (method === "GET" && url === "/health") return text("OK");
  if (!parts.isAuthorized(request.headers.authorization)) {
    throw new ProtocolError(401, "UNAUTHORIZED", "The bearer token is missing or wrong");
  }
  if (method === "POST" && PIPELINES.has(url)) {
    parts.stats?.record(readRequestId(request));
    const pipeline = decodePipeline(await readBody(request, parts.maxBodyBytes));
    return json(await parts.runPipeline(pipeline));
  }
  const [, version] = /^\/v([23])$/.exec(url) ?? [];
  if (method === "GET" && version) return text(`Hello, this is HTTP API v${version} (Hrana over HTTP)`);
  const stats = method === "GET" ? answerStats(parts.stats, url) : undefined;
  if (stats) return stats;
  throw new ProtocolError(404, "NOT_FOUND", `There is no ${method} ${url}`);
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
  if (error instanceof ProtocolError) {
    return { status: error.status, type: "application/json", body: encodeError(error) };
  }
  console.error("libsql-server: unexpected error", error);
  const body = encodeError({ message: "Internal server error", code: "INTERNAL_ERROR" });
  return { status: 500, type: "application/json", body };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  if (response.destroyed) return;
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
  // The rest of a refused body is never read, so the connection cannot be used again.
  response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers);
  // A string, not bytes: Node then sends headers and body in one write.
  response.end(body);
}
