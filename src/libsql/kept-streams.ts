import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis } from "../lib/clock.ts";
import { Wait } from "./wait.ts";

/** The server ends a stream after 10 s without a request. */
const LONGEST_IDLE_MS = 5_000;
/** A request that takes longer no longer counts as using a stream: its statement is slow, or its client has gone. */
const TURN_MS = 250;
/** The longest wait for a stream in use, however long opening one takes. */
const LONGEST_WAIT_MS = 50;
/** Streams that are opened at once where opening is expensive: more would slow down the requests on open ones. */
const MAX_OPENING = 2;
/** A request on a new stream that takes this many times as long as usual does not wait for its opening any more. */
const LATE_OPENING = 4;
/** Opening is expensive where a request on a new stream takes this many times as long. */
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
  turn: StreamTurn | undefined;
  /** From then on, opening a stream is as good. */
  readonly until: number;
  wait: Wait;
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
  readonly #turns = new Map<StreamTurn, number>();
  readonly #waiting = new Set<Waiting>();
  #pausedUntil = 0;
  /** Averages; undefined before the first request. */
  #openMs: number | undefined;
  #reuseMs: number | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Where opening is expensive, waits for a stream in use, at most as long as opening one takes, and then while others
   * are being opened. Before it waits, adds a function that gives up to `ends`. Throws SERVICE_UNAVAILABLE if it was
   * called.
   */
  async take(ends: (() => void)[] = []): Promise<StreamTurn> {
    return this.#takeNow() ?? this.#wait(ends);
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

  /** `isLate`: the request has waited long enough to open a stream of its own. */
  #takeNow(isLate = false): StreamTurn | undefined {
    const now = currentMillis();
    const isPaused = now < this.#pausedUntil;
    const stream = this.#popIdle(now);
    if (stream) return this.#start(stream, !isPaused);
    const { opening, kept } = this.#count(now);
    const isExpensive = this.#savedMs() > 0;
    if (isExpensive && opening >= MAX_OPENING) return undefined;
    if (!isPaused && kept < this.#max) return this.#start(undefined, true);
    return isLate || isPaused || !isExpensive ? this.#start(undefined, false) : undefined;
  }

  /** Of the turns that still count: those that open a stream, and those whose stream is to be kept. */
  #count(now: number) {
    let [opening, kept] = [0, 0];
    const openingMs = Math.max(TURN_MS, LATE_OPENING * (this.#openMs ?? 0));
    for (const [turn, since] of this.#turns) {
      if (now - since > (turn.stream ? TURN_MS : openingMs)) this.#turns.delete(turn);
      else {
        if (!turn.stream) opening += 1;
        if (turn.isKept) kept += 1;
      }
    }
    return { opening, kept };
  }

  /** How much longer a request on a new stream takes; 0 if that is not worth waiting. */
  #savedMs(): number {
    if (this.#max === 0) return 0;
    const openMs = this.#openMs ?? LONGEST_WAIT_MS;
    const reuseMs = this.#reuseMs ?? 0;
    const savedMs = Math.min(LONGEST_WAIT_MS, openMs - reuseMs);
    return savedMs >= 1 && openMs >= WORTH_WAITING * reuseMs ? savedMs : 0;
  }

  /** Takes the stream that was used last, so that unneeded ones expire. */
  #popIdle(now: number): KeptStream | undefined {
    const last = this.#idle.pop();
    if (last && now - last.since <= LONGEST_IDLE_MS) return last.stream;
    this.#idle.length = 0;
    return undefined;
  }

  async #wait(ends: (() => void)[]): Promise<StreamTurn> {
    let waitMs = this.#savedMs();
    const waiting: Waiting = { turn: undefined, until: currentMillis() + waitMs, wait: new Wait() };
    this.#waiting.add(waiting);
    ends.push(() => {
      this.#waiting.delete(waiting);
      waiting.wait.end();
    });
    for (;;) {
      await waiting.wait.untilOver(waitMs);
      if (waiting.turn) return waiting.turn;
      if (!this.#waiting.has(waiting)) throw serviceUnavailable("it gave up before it got a stream");
      const turn = this.#takeNow(true);
      if (turn) {
        this.#waiting.delete(waiting);
        return turn;
      }
      waiting.wait = new Wait();
      waitMs = TURN_MS;
    }
  }

  #serveWaiting(): void {
    const now = currentMillis();
    for (const waiting of this.#waiting) {
      waiting.turn = this.#takeNow(waiting.until <= now);
      if (!waiting.turn) return;
      this.#waiting.delete(waiting);
      waiting.wait.end();
    }
  }

  #start(stream: KeptStream | undefined, isKept: boolean): StreamTurn {
    const start = currentMillis();
    let isOver = false;
    const turn: StreamTurn = {
      stream,
      isKept,
      end: (returned, isWaiting = false) => {
        if (isOver) return returned;
        isOver = true;
        this.#turns.delete(turn);
        this.#note(currentMillis() - start, stream !== undefined);
        const excess = returned && this.#giveBack(returned, isWaiting);
        this.#serveWaiting();
        return excess;
      },
    };
    this.#turns.set(turn, start);
    return turn;
  }

  #giveBack(stream: KeptStream, isWaiting: boolean): KeptStream | undefined {
    const now = currentMillis();
    const hasRoom = isWaiting || this.#idle.length + this.#count(now).kept < this.#max;
    if (now < this.#pausedUntil || !hasRoom) return stream;
    this.#idle.push({ stream, since: now });
    return undefined;
  }

  #note(tookMs: number, isReused: boolean): void {
    const ms = Math.min(tookMs, TURN_MS);
    if (isReused) this.#reuseMs = average(this.#reuseMs, ms);
    else this.#openMs = average(this.#openMs, ms);
  }
}

const average = (before: number | undefined, newest: number): number =>
  before === undefined ? newest : before + WEIGHT * (newest - before);
