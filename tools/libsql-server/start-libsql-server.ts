import { createServer, type IncomingMessage } from "node:http";
import { closeServer, listen } from "../runtime/http-listener.ts";
import { ConnectionPermits } from "./engine/connection-permits.ts";
import { ConnectionPool } from "./engine/connection-pool.ts";
import { SchemaClock } from "./engine/schema-clock.ts";
import { StreamStore } from "./engine/stream-store.ts";
import { WriterQueue } from "./engine/writer-queue.ts";
import { RequestRunner } from "./hrana/request-runner.ts";
import { runCursor } from "./hrana/run-cursor.ts";
import { runPipeline } from "./hrana/run-pipeline.ts";
import { makeTokenCheck } from "./http/bearer-token.ts";
import { isLoopback } from "./http/browser-guard.ts";
import { type HandlerParts, handleRequest } from "./http/request-handler.ts";
import { RequestStats } from "./http/request-stats.ts";

export interface LibsqlServerOptions {
  /** Path of the database file; created if absent. */
  readonly file: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** If given, every request but GET /health must carry it as a bearer token. */
  readonly authToken?: string;
  /** Sees method, path and headers of every request before it is answered. */
  readonly onRequest?: (request: IncomingMessage) => void;
  /** Serves GET /_stats/total and GET /_stats/requests?id=<X-Request-Id>. */
  readonly stats?: boolean;
  /** `normal` survives the death of the process, `full` also that of the machine. */
  readonly synchronous?: "normal" | "full";
  /** How long an open stream may idle before it is rolled back. */
  readonly streamIdleMs?: number;
  /** How long a writer waits for the one before it until SQLITE_BUSY. */
  readonly writerWaitMs?: number;
  readonly maxBodyBytes?: number;
  /** The longest text, blob or row, as `max_row_size` of sqld. */
  readonly maxValueBytes?: number;
  /** What the rows of one statement or batch may take as JSON. */
  readonly maxResponseBytes?: number;
  /** How many streams may be open. */
  readonly maxConnections?: number;
  /** How long a request waits while they all are, until 429. */
  readonly connectionWaitMs?: number;
}

export interface LibsqlServer {
  readonly url: string;
  readonly port: number;
  /** Rolls open transactions back, answers what is under way, and closes the database. */
  close(): Promise<void>;
}

const DEFAULTS = {
  port: 0,
  host: "127.0.0.1",
  stats: false,
  synchronous: "normal",
  streamIdleMs: 10_000,
  writerWaitMs: 5_000,
  maxBodyBytes: 32 * 1024 * 1024,
  maxValueBytes: 5_000_000,
  maxResponseBytes: 10_000_000,
  maxConnections: 128,
  connectionWaitMs: 1_000,
} as const;

const MAX_IDLE_CONNECTIONS = 8;
const MAX_WAITING_REQUESTS = 128;
const REMEMBER_EXPIRED_MS = 300_000;
const MAX_COUNTED_IDS = 10_000;
const KEEP_ALIVE_MS = 75_000;
const CLOSE_GRACE_MS = 2_000;

/** Serves a database file by Hrana 2 and 3 over HTTP; rejects with the system's error if the port is taken. */
export async function startLibsqlServer(options: LibsqlServerOptions): Promise<LibsqlServer> {
  const settings = { ...DEFAULTS, ...options };
  const writers = new WriterQueue(settings.writerWaitMs);
  const connectionOptions = {
    file: settings.file,
    synchronous: settings.synchronous,
    clock: new SchemaClock(),
  };
  const pool = new ConnectionPool(connectionOptions, MAX_IDLE_CONNECTIONS);
  const permits = new ConnectionPermits({
    maxConnections: settings.maxConnections,
    waitMs: settings.connectionWaitMs,
    maxWaiting: MAX_WAITING_REQUESTS,
  });
  const streams = new StreamStore(
    { pool, permits, writers },
    { idleMs: settings.streamIdleMs, rememberMs: REMEMBER_EXPIRED_MS },
  );
  const runner = new RequestRunner(writers, settings);
  const parts: HandlerParts = {
    runPipeline: (pipeline) => runPipeline(pipeline, { streams, runner }),
    runCursor: (cursor, open) => runCursor(cursor, open, { streams, runner }),
    checkToken: makeTokenCheck(settings.authToken),
    isLoopback: isLoopback(settings.host),
    maxBodyBytes: settings.maxBodyBytes,
    stats: settings.stats ? new RequestStats(MAX_COUNTED_IDS) : undefined,
    onRequest: settings.onRequest,
  };
  const server = createServer((request, response) => void handleRequest(parts, request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server, settings);
  const close = async () => {
    streams.closeParked();
    await closeServer(server, CLOSE_GRACE_MS);
    streams.closeParked();
    pool.close();
  };
  return { url: `http://${settings.host}:${port}`, port, close };
}
