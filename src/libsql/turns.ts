import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis } from "../lib/clock.ts";
import { Wait } from "./wait.ts";

/** The turns of one principal that wait. */
const MAX_WAITING = 200;

interface Turn {
  /** After this time it counts as ended, because a request that the runtime has stopped never ends its turn. */
  readonly until: number;
  wait?: Wait;
}

/**
 * Limits how many database requests each principal has at once in an isolate. Other requests of the same principal wait
 * in order; nobody waits for another principal.
 */
export class Turns {
  readonly #max: number;
  /** By principal, each before those that came later. */
  readonly #turns = new Map<string, Turn[]>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Resolves when it is this request's turn. Before it waits, adds a function that ends the turn to `ends`, to be
   * called within `longestMs`. Throws SERVICE_UNAVAILABLE if too many wait, or if the turn is ended before it comes.
   */
  async take(principal: string, longestMs: number, ends: (() => void)[]): Promise<void> {
    const now = currentMillis();
    const turns = this.#turns.get(principal) ?? [];
    for (const late of turns.filter(({ until }) => until <= now)) this.#end(principal, late);
    if (turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    const turn: Turn = { until: now + longestMs };
    turns.push(turn);
    this.#turns.set(principal, turns);
    ends.push(() => this.#end(principal, turn));
    if (turns.length <= this.#max) return;
    turn.wait = new Wait();
    await turn.wait.untilOver();
    if (!turns.includes(turn)) throw serviceUnavailable("its turn did not come in time");
  }

  /** Whether a request of the principal waits. */
  isWaiting(principal: string): boolean {
    return (this.#turns.get(principal)?.length ?? 0) > this.#max;
  }

  #end(principal: string, turn: Turn): void {
    const turns = this.#turns.get(principal) ?? [];
    const place = turns.indexOf(turn);
    if (place < 0) return;
    turns.splice(place, 1);
    turn.wait?.end();
    if (place < this.#max) turns[this.#max - 1]?.wait?.end();
    if (turns.length === 0) this.#turns.delete(principal);
  }
}
