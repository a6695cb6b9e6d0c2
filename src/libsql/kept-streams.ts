import { currentMillis } from "../lib/clock.ts";
import { Wait } from "./wait.ts";

/** The server ends a stream after 10 s without a request. */
const LONGEST_IDLE_MS = 5_000;
/** A request that takes longer no longer counts as using a stream: its statement is slow, or its client has gone. */
const LEASE_MS = 250;
/** The longest wait for a stream in use, however long opening one takes. */
const LONGEST_WAIT_MS = 50;
/** How much each wait lowers the estimate of how long opening takes, because nobody measures it meanwhile. */
const FORGETTING = 0.01;
/** Requests wait only if a request on a new stream takes this many times as long. */
const WORTH_WAITING = 2;
/** How long no streams are kept after the server had no connection left: the time in which idle streams end. */
const PAUSE_MS = 10_000;
/** The weight of the newest duration in the averages. */
const WEIGHT = 0.1;

/** A stream that the server keeps open for the next request. */
export interface KeptStream {
  /** A secret: it gives access to the connection. */
  readonly baton: string;
  /** The address of the stream's server, if it is not the configured one. */
  readonly baseUrl: string | undefined;
}

/** One request's turn. */
export interface StreamTurn {
  /** The stream to use; undefined to open a new one. */
  readonly stream: KeptStream | undefined;
  /** Whether the stream stays open after the request. */
  readonly isKept: boolean;
  /**
   * Ends the turn; only the first call counts. Takes back a stream that others can use. Returns the stream if there is
   * no room for it, to be closed. There is always room if the next user `isWaiting`.
   */
  end(stream?: KeptStream, isWaiting?: boolean): KeptStream | undefined;
}

interface Waiting {
  lease: StreamTurn | undefined;
  readonly until: number;
  readonly wait: Wait;
}

/**
 * Streams, at most `max`, that stay open between the requests of an isolate. Opening one costs the server a new
 * connection, which reads the schema of the whole database. Stores only strings, so no request uses an I/O object of
 * another.
 */
export class KeptStreams {
  readonly #max: number;
  readonly #idle: { readonly stream: KeptStream; readonly since: number }[] = [];
  /** Open turns, with their start times. */
  readonly #leases = new Map<StreamTurn, number>();
  readonly #waiting = new Set<Waiting>();
  #pausedUntil = 0;
  #openMs = 0;
  #reuseMs = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Waits at most as long as opening a stream takes. */
  async take(): Promise<StreamTurn> {
    return this.#takeNow() ?? (await this.#wait()) ?? this.#leaseOf(undefined, false);
  }

  /** Forgets the streams after a restart of their server. */
  forget(): void {
    this.#idle.length = 0;
  }

  /** Keeps no streams for a while. Returns those to close. */
  pause(): readonly KeptStream[] {
    this.#pausedUntil = currentMillis() + PAUSE_MS;
    return this.#idle.splice(0).map(({ stream }) => stream);
  }

  #takeNow(): StreamTurn | undefined {
    const now = currentMillis();
    for (const [lease, since] of this.#leases) if (now - since > LEASE_MS) this.#leases.delete(lease);
    const isKept = now >= this.#pausedUntil;
    const stream = this.#popIdle(now);
    if (stream || !isKept) return this.#leaseOf(stream, isKept);
    return this.#leases.size < this.#max ? this.#leaseOf(undefined, true) : undefined;
  }

  /** Takes the stream that was used last, so that unneeded ones expire. */
  #popIdle(now: number): KeptStream | undefined {
    const last = this.#idle.pop();
    if (last && now - last.since <= LONGEST_IDLE_MS) return last.stream;
    this.#idle.length = 0;
    return undefined;
  }

  async #wait(): Promise<StreamTurn | undefined> {
    if (this.#max === 0) return undefined;
    const longestMs = Math.min(LONGEST_WAIT_MS, this.#openMs - this.#reuseMs);
    if (longestMs < 1 || this.#openMs < WORTH_WAITING * this.#reuseMs) return undefined;
    this.#openMs *= 1 - FORGETTING;
    const waiting: Waiting = {
      lease: undefined,
      until: currentMillis() + longestMs,
      wait: new Wait(),
    };
    this.#waiting.add(waiting);
    await waiting.wait.untilOver(longestMs);
    this.#waiting.delete(waiting);
    return waiting.lease;
  }

  #serveWaiting(): void {
    const now = currentMillis();
    for (const waiting of this.#waiting) {
      if (waiting.until >= now) {
        waiting.lease = this.#takeNow();
        if (!waiting.lease) return;
      }
      this.#waiting.delete(waiting);
      waiting.wait.end();
    }
  }

  #leaseOf(stream: KeptStream | undefined, isKept: boolean): StreamTurn {
    const start = currentMillis();
    let isOver = false;
    const lease: StreamTurn = {
      stream,
      isKept,
      end: (returned, isWaiting = false) => {
        if (isOver) return returned;
        isOver = true;
        this.#leases.delete(lease);
        this.#note(currentMillis() - start, stream !== undefined);
        const excess = returned && this.#giveBack(returned, isWaiting);
        this.#serveWaiting();
        return excess;
      },
    };
    if (isKept) this.#leases.set(lease, start);
    return lease;
  }

  #giveBack(stream: KeptStream, isWaiting: boolean): KeptStream | undefined {
    const now = currentMillis();
    const hasRoom = isWaiting || this.#idle.length + this.#leases.size < this.#max;
    if (now < this.#pausedUntil || !hasRoom) return stream;
    this.#idle.push({ stream, since: now });
    return undefined;
  }

  #note(tookMs: number, isReused: boolean): void {
    const ms = Math.min(tookMs, LEASE_MS);
    if (isReused) this.#reuseMs += WEIGHT * (ms - this.#reuseMs);
    else this.#openMs += WEIGHT * (ms - this.#openMs);
  }
}
