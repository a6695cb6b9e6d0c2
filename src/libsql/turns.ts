import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis, pause } from "../lib/clock.ts";

/** The turns of one principal that wait. */
const MAX_WAITING = 200;
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 100;
/** Looks a little early, because what sleeps past its turn leaves it unused. */
const EARLY = 0.7;
/** The weight of the newest interval in the average. */
const WEIGHT = 0.1;

interface Turn {
  /** After this time it counts as ended, because a request that the runtime has stopped never ends its turn. */
  readonly until: number;
}

/** The turns of one principal, each before those that came later. */
interface Line {
  turns: Turn[];
  lastEnd: number;
  /** Average time between two ends while others wait. */
  paceMs: number;
}

/**
 * Limits how many database requests each principal has at once in an isolate. Other requests of the same principal wait
 * in order; nobody waits for another principal. Those that wait look themselves, about when their turn should come: where
 * `handle_cross_request_promise_resolution` is off, as in our tests, a promise of one request may not wake another one.
 */
export class Turns {
  readonly #max: number;
  readonly #lines = new Map<string, Line>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Resolves when it is this request's turn. At once adds what ends the turn to `ends`, to be called within `longestMs`.
   * Throws SERVICE_UNAVAILABLE if too many wait, or if the turn is ended before it comes.
   */
  async take(principal: string, longestMs: number, ends: (() => void)[]): Promise<void> {
    const now = currentMillis();
    const line = this.#lines.get(principal) ?? { turns: [], lastEnd: now, paceMs: SHORTEST_PAUSE_MS };
    if (line.turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    this.#lines.set(principal, line);
    const turn: Turn = { until: now + longestMs };
    line.turns.push(turn);
    ends.push(() => this.#end(principal, line, turn));
    for (let place = placeOf(line, turn); place >= this.#max; place = placeOf(line, turn)) {
      const expectedMs = EARLY * line.paceMs * (place - this.#max + 1);
      await pause(Math.max(SHORTEST_PAUSE_MS, Math.min(expectedMs, LONGEST_PAUSE_MS)));
    }
    if (!line.turns.includes(turn)) throw serviceUnavailable("its turn did not come in time");
  }

  #end(principal: string, line: Line, turn: Turn): void {
    const place = line.turns.indexOf(turn);
    if (place < 0) return;
    const now = currentMillis();
    if (line.turns.length > this.#max) line.paceMs += WEIGHT * (now - line.lastEnd - line.paceMs);
    line.lastEnd = now;
    line.turns.splice(place, 1);
    if (line.turns.length === 0) this.#lines.delete(principal);
  }
}

/** How many unfinished turns are before it; -1 if it has ended. */
function placeOf(line: Line, turn: Turn): number {
  const now = currentMillis();
  if (line.turns.some(({ until }) => until <= now))
    line.turns = line.turns.filter(({ until }) => until > now);
  return line.turns.indexOf(turn);
}
