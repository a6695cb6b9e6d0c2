import { randomBytes, timingSafeEqual } from "node:crypto";
import { protocolError, streamExpired } from "../hrana/errors.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionPermits } from "./connection-permits.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { WriterQueue } from "./writer-queue.ts";

/** A Hrana stream: one connection and the SQL texts stored on it, used by one request at a time. */
export interface Stream {
  readonly id: string;
  /** Proves that a baton was given by this server. */
  readonly secret: Buffer;
  readonly connection: Connection;
  readonly sqls: Map<number, string>;
  /** The number that the next baton must carry. */
  sequence: bigint;
}

export interface StreamLimits {
  /** How long an open stream may idle before it is rolled back. */
  readonly idleMs: number;
  /** How long an expired stream is remembered, so that its baton is told from an invalid one. */
  readonly rememberMs: number;
}

type Handle =
  | { readonly state: "available"; readonly stream: Stream; readonly timer: NodeJS.Timeout }
  | { readonly state: "acquired"; readonly secret: Buffer }
  | { readonly state: "expired"; readonly secret: Buffer; readonly timer: NodeJS.Timeout };

interface StreamStoreParts {
  readonly pool: ConnectionPool;
  readonly permits: ConnectionPermits;
  readonly writers: WriterQueue;
}

const ID_BYTES = 8;
const SEQUENCE_BYTES = 8;
const SECRET_BYTES = 32;
const BATON_BYTES = ID_BYTES + SEQUENCE_BYTES + SECRET_BYTES;

/**
 * Streams between their requests. A baton names a stream, the number of the request that may use it, and the stream's
 * secret. Each request that leaves its stream open gets a new baton; a baton is good for one request.
 */
export class StreamStore {
  readonly #parts: StreamStoreParts;
  readonly #limits: StreamLimits;
  readonly #handles = new Map<string, Handle>();

  constructor(parts: StreamStoreParts, limits: StreamLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** Opens a stream, or takes the parked one that `baton` names; throws HttpError. */
  async take(baton: string | undefined): Promise<Stream> {
    if (baton !== undefined) return this.#unpark(baton);
    const wait = this.#parts.permits.acquire();
    if (wait) await wait;
    return this.#open();
  }

  /** The baton for the next request on a stream that is in use now. */
  batonOf({ id, sequence, secret }: Stream): string {
    const bytes = Buffer.alloc(BATON_BYTES);
    bytes.write(id, "latin1");
    bytes.writeBigUInt64BE(sequence, ID_BYTES);
    secret.copy(bytes, ID_BYTES + SEQUENCE_BYTES);
    return bytes.toString("base64");
  }

  /** Keeps an open stream for the request with its baton. */
  park(stream: Stream): void {
    const timer = setTimeout(() => this.#expire(stream), this.#limits.idleMs).unref();
    this.#handles.set(stream.id, { state: "available", stream, timer });
  }

  /** Rolls back and releases connection, permit and writer slot. */
  close(stream: Stream): void {
    this.#handles.delete(stream.id);
    this.#release(stream.connection);
  }

  closeParked(): void {
    for (const handle of [...this.#handles.values()]) {
      if (handle.state === "acquired") continue;
      clearTimeout(handle.timer);
      if (handle.state === "available") this.close(handle.stream);
    }
  }

  #open(): Stream {
    try {
      const connection = this.#parts.pool.acquire();
      const random = randomBytes(BATON_BYTES);
      const id = random.toString("latin1", 0, ID_BYTES);
      const secret = random.subarray(ID_BYTES + SEQUENCE_BYTES);
      const sequence = random.readBigUInt64BE(ID_BYTES) >> 1n;
      this.#handles.set(id, { state: "acquired", secret });
      return { id, secret, sequence, connection, sqls: new Map() };
    } catch (error) {
      this.#parts.permits.release();
      throw error;
    }
  }

  #unpark(baton: string): Stream {
    const bytes = Buffer.from(baton, "base64");
    const handle = this.#handles.get(bytes.toString("latin1", 0, ID_BYTES));
    if (bytes.length !== BATON_BYTES || !handle) throw invalidBaton();
    const secret = handle.state === "available" ? handle.stream.secret : handle.secret;
    if (!timingSafeEqual(bytes.subarray(ID_BYTES + SEQUENCE_BYTES), secret)) throw invalidBaton();
    if (handle.state === "expired") throw streamExpired();
    if (handle.state === "acquired") throw usedBaton();
    const { stream, timer } = handle;
    if (stream.sequence !== bytes.readBigUInt64BE(ID_BYTES)) throw usedBaton();
    clearTimeout(timer);
    stream.sequence += 1n;
    this.#handles.set(stream.id, { state: "acquired", secret });
    return stream;
  }

  #expire({ id, secret, connection }: Stream): void {
    const timer = setTimeout(() => this.#handles.delete(id), this.#limits.rememberMs).unref();
    this.#handles.set(id, { state: "expired", secret, timer });
    this.#release(connection);
  }

  #release(connection: Connection): void {
    const { pool, permits, writers } = this.#parts;
    try {
      pool.release(connection);
    } finally {
      permits.release();
      writers.release(connection);
    }
  }
}

const invalidBaton = () => protocolError("Received an invalid baton");
const usedBaton = () => protocolError("Received a baton that has already been used");
