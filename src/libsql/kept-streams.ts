import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis } from "../lib/clock.ts";
import { OpeningCost } from "./opening-cost.ts";
import { Wait } from "./wait.ts";

/** The server ends a stream after 10 s without a request. */
const LONGEST_IDLE_MS = 5_000;
/** A request that takes longer no longer counts as using a stream: its statement is slow, or its client has gone. */
const TURN_MS = 250;
/** The longest wait for a stream in use. */
const LONGEST_WAIT_MS = 50;
/** How late a busy isolate may let a waiting request look again. */
const LATE_LOOK_MS = 1_000;
/** Streams that are opened at once where opening is expensive: more would slow down the requests on open ones. */
const MAX_OPENING = 2;
/** A request on a new stream that takes this many times as long as usual does not wait for its opening any more. */
const LATE_OPENING = 4;
/** How long no streams are kept after the server had no connection left: the time in which idle streams end. */
const PAUSE_MS = 10_000;

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
  /** From then on, the runtime has stopped the request: it has not looked again. */
  stoppedAt: number;
  hasGivenUp: boolean;
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
  readonly #cost: OpeningCost;

  constructor(max: number) {
    this.#max = max;
    this.#cost = new OpeningCost(max + 1);
  }

  /**
   * Where opening is expensive, waits for a stream in use, at most 50 ms, and then while others are being opened.
   * Before it waits, adds a function that gives up to `ends`. Throws SERVICE_UNAVAILABLE if it was called.
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
    this.#noteRequests(1);
    const stream = this.#popIdle(now);
    if (stream) return this.#start(stream, !isPaused);
    const { opening, kept } = this.#count(now);
    const isExpensive = this.#max > 0 && this.#cost.isHigh();
    if (isExpensive && opening >= MAX_OPENING) return undefined;
    if (!isPaused && kept < this.#max) return this.#start(undefined, true);
    const mayOpen = isLate || isPaused || !isExpensive || this.#cost.isDue(this.#turns.size);
    return mayOpen ? this.#start(undefined, false) : undefined;
  }

  /** Of the turns that still count: those that open a stream, and those whose stream is to be kept. */
  #count(now: number) {
    let [opening, kept] = [0, 0];
    const openingMs = Math.max(TURN_MS, LATE_OPENING * this.#cost.openMs);
    for (const [turn, since] of this.#turns) {
      if (now - since > (turn.stream ? TURN_MS : openingMs)) this.#turns.delete(turn);
      else {
        if (!turn.stream) opening += 1;
        if (turn.isKept) kept += 1;
      }
    }
    return { opening, kept };
  }

  /** Takes the stream that was used last, so that unneeded ones expire. */
  #popIdle(now: number): KeptStream | undefined {
    const last = this.#idle.pop();
    if (last && now - last.since <= LONGEST_IDLE_MS) return last.stream;
    this.#idle.length = 0;
    return undefined;
  }

  async #wait(ends: (() => void)[]): Promise<StreamTurn> {
    let waitMs = LONGEST_WAIT_MS;
    const until = currentMillis() + waitMs;
    const waiting: Waiting = {
      turn: undefined,
      until,
      stoppedAt: until + LATE_LOOK_MS,
      hasGivenUp: false,
      wait: new Wait(),
    };
    this.#waiting.add(waiting);
    ends.push(() => {
      this.#waiting.delete(waiting);
      waiting.hasGivenUp = true;
      waiting.wait.end();
    });
    for (;;) {
      await waiting.wait.untilOver(waitMs);
      if (waiting.turn) return waiting.turn;
      if (waiting.hasGivenUp) throw serviceUnavailable("it gave up before it got a stream");
      const turn = this.#takeNow(true);
      if (turn) {
        this.#waiting.delete(waiting);
        return turn;
      }
      waiting.wait = new Wait();
      waitMs = TURN_MS;
      waiting.stoppedAt = currentMillis() + waitMs + LATE_LOOK_MS;
      this.#waiting.add(waiting);
    }
  }

  #serveWaiting(): void {
    const now = currentMillis();
    for (const waiting of this.#waiting) {
      if (waiting.stoppedAt > now) {
        waiting.turn = this.#takeNow(waiting.until <= now);
        if (!waiting.turn) return;
        waiting.wait.end();
      }
      this.#waiting.delete(waiting);
    }
  }

  #start(stream: KeptStream | undefined, isKept: boolean): StreamTurn {
    let isOver = false;
    const turn: StreamTurn = {
      stream,
      isKept,
      end: (returned, isWaiting = false) => {
        if (isOver) return returned;
        isOver = true;
        this.#noteRequests(-1);
        endMeasuring(this.#turns.size);
        this.#turns.delete(turn);
        const excess = returned && this.#giveBack(returned, isWaiting);
        this.#serveWaiting();
        return excess;
      },
    };
    this.#turns.set(turn, currentMillis());
    const endMeasuring = this.#cost.measure(stream !== undefined, this.#turns.size);
    return turn;
  }

  /** `change`: the request that comes or leaves. */
  #noteRequests(change: 1 | -1): void {
    this.#cost.noteRequests(this.#turns.size + this.#waiting.size + change);
  }

  #giveBack(stream: KeptStream, isWaiting: boolean): KeptStream | undefined {
    const now = currentMillis();
    const hasRoom = isWaiting || this.#idle.length + this.#count(now).kept < this.#max;
    if (now < this.#pausedUntil || !hasRoom) return stream;
    this.#idle.push({ stream, since: now });
    return undefined;
  }
}
