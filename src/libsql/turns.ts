import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis } from "../lib/clock.ts";

/** The turns of one principal. Each waits for those before it. */
const MAX_WAITING = 200;

interface Turn {
  /** After this time the next take counts it as ended: a request that the runtime has stopped never ends its turn. */
  readonly until: number;
  wake?: () => void;
}

/**
 * Limits how many database requests each principal has at once in an isolate. Other requests of the same principal wait
 * in order; nobody waits for another principal.
 */
export class Turns {
  readonly #max: number;
  readonly #turns = new Map<string, Turn[]>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Resolves when it is this request's turn; never if that is ended before. At once adds what ends it to `ends`, to be
   * called within `longestMs`. Throws SERVICE_UNAVAILABLE if too many wait.
   */
  async take(principal: string, longestMs: number, ends: (() => void)[]): Promise<void> {
    const now = currentMillis();
    const turns = (this.#turns.get(principal) ?? []).filter(({ until }) => until > now);
    this.#proceed(principal, turns);
    if (turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    const turn: Turn = { until: now + longestMs };
    turns.push(turn);
    this.#turns.set(principal, turns);
    ends.push(() => this.#end(principal, turn));
    if (turns.length <= this.#max) return;
    await new Promise<void>((resolve) => {
      turn.wake = resolve;
    });
  }

  #end(principal: string, turn: Turn): void {
    const turns = this.#turns.get(principal) ?? [];
    const place = turns.indexOf(turn);
    if (place < 0) return;
    turns.splice(place, 1);
    this.#proceed(principal, turns);
  }

  #proceed(principal: string, turns: Turn[]): void {
    if (turns.length > 0) this.#turns.set(principal, turns);
    else this.#turns.delete(principal);
    for (let place = 0; place < this.#max; place += 1) turns[place]?.wake?.();
  }
}
