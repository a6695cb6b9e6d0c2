import { randomBytes } from "node:crypto";
import { ProtocolError } from "../hrana/errors.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { WriterQueue } from "./writer-queue.ts";

/** A Hrana stream: one connection and the SQL texts stored on it, used by one request at a time. */
export interface Stream {
  readonly connection: Connection;
  readonly sqls: Map<number, string>;
}

export interface StreamLimits {
  readonly idleMs: number;
  readonly maxStreams: number;
}

interface ParkedStream {
  readonly stream: Stream;
  readonly timer: NodeJS.Timeout;
}

const BATON_BYTES = 24;
const MAX_REMEMBERED_BATONS = 1000;

type SpentReason = "used" | "expired";

/**
 * Streams between their requests. Each request that leaves its stream open gets a new random baton;
 * a baton is good for one request, and an idle stream is rolled back after `idleMs`.
 */
export class StreamStore {
  readonly #pool: ConnectionPool;
  readonly #writers: WriterQueue;
  readonly #limits: StreamLimits;
  readonly #parked = new Map<string, ParkedStream>();
  /** Only for clear error messages; the oldest are forgotten. */
  readonly #spent = new Map<string, SpentReason>();
  #openCount = 0;

  constructor(parts: { pool: ConnectionPool; writers: WriterQueue }, limits: StreamLimits) {
    this.#pool = parts.pool;
    this.#writers = parts.writers;
    this.#limits = limits;
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** Opens a stream, or takes the parked one that `baton` names; throws ProtocolError. */
  take(baton: string | undefined): Stream {
    if (baton !== undefined) return this.#unpark(baton);
    if (this.#openCount >= this.#limits.maxStreams) {
      throw new ProtocolError(503, "TOO_MANY_STREAMS", "The server cannot open more streams");
    }
    const connection = this.#pool.acquire();
    this.#openCount += 1;
    return { connection, sqls: new Map() };
  }

  /** Keeps an open stream for the request that brings the returned baton. */
  park(stream: Stream): string {
    const baton = randomBytes(BATON_BYTES).toString("base64url");
    const timer = setTimeout(() => this.#expire(baton), this.#limits.idleMs);
    timer.unref();
    this.#parked.set(baton, { stream, timer });
    return baton;
  }

  /** Rolls back and gives connection and writer slot to others. */
  close({ connection }: Stream): void {
    this.#openCount -= 1;
    try {
      this.#pool.release(connection);
    } finally {
      this.#writers.release(connection);
    }
  }

  closeParked(): void {
    for (const baton of [...this.#parked.keys()]) this.#expire(baton);
  }

  #unpark(baton: string): Stream {
    const parked = this.#parked.get(baton);
    if (!parked) throw this.#refusal(baton);
    clearTimeout(parked.timer);
    this.#parked.delete(baton);
    this.#remember(baton, "used");
    return parked.stream;
  }

  #expire(baton: string): void {
    const parked = this.#parked.get(baton);
    if (!parked) return;
    clearTimeout(parked.timer);
    this.#parked.delete(baton);
    this.#remember(baton, "expired");
    this.close(parked.stream);
  }

  #refusal(baton: string): ProtocolError {
    const reason = this.#spent.get(baton);
    if (reason === "expired") {
      return new ProtocolError(400, "STREAM_EXPIRED", "The stream has expired due to inactivity");
    }
    if (reason === "used") return new ProtocolError(400, "BATON_REUSED", "Received a reused baton");
    return new ProtocolError(400, "BATON_INVALID", "Received an invalid baton");
  }

  #remember(baton: string, reason: SpentReason): void {
    this.#spent.set(baton, reason);
    if (this.#spent.size <= MAX_REMEMBERED_BATONS) return;
    for (const oldest of this.#spent.keys()) {
      this.#spent.delete(oldest);
      return;
    }
  }
}
