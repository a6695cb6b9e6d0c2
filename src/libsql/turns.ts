import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis, pause } from "../lib/clock.ts";

/** How often the next in line looks. Those behind it look less often. */
const LOOK_EVERY_MS = 5;
const LOOK_AT_LEAST_EVERY_MS = 100;
/** The turns of one principal. Each waits for those before it. */
const MAX_WAITING = 200;

interface Turn {
  readonly principal: string;
  /** After this time a turn counts as ended, because a request that the runtime has stopped never ends its turn. */
  readonly until: number;
}

/**
 * Limits how many database requests each principal has at once in an isolate. Other requests of the same principal wait
 * in order; nobody waits for another principal. Holds no promises, because a request may not wait for one of another.
 */
export class Turns {
  readonly #max: number;
  readonly #turns = new Map<string, Turn[]>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Resolves when it is this request's turn, with the function that ends it. Throws SERVICE_UNAVAILABLE after
   * `timeoutMs`, or if too many wait.
   */
  async take(principal: string, timeoutMs: number): Promise<() => void> {
    const turn: Turn = { principal, until: currentMillis() + timeoutMs };
    const turns = this.#turns.get(principal) ?? [];
    if (turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    this.#turns.set(principal, turns);
    turns.push(turn);
    for (let place = this.#placeOf(turn); place >= this.#max; place = this.#placeOf(turn)) {
      await pause(Math.min(LOOK_EVERY_MS * (place - this.#max + 1), LOOK_AT_LEAST_EVERY_MS));
      if (currentMillis() < turn.until) continue;
      this.#end(turn);
      throw serviceUnavailable("waited too long for other requests of the same principal");
    }
    return () => this.#end(turn);
  }

  /** How many unfinished turns are before it. */
  #placeOf(turn: Turn): number {
    const now = currentMillis();
    const turns = this.#turns.get(turn.principal) ?? [];
    for (const other of [...turns]) if (other !== turn && other.until <= now) this.#end(other);
    return turns.indexOf(turn);
  }

  #end(turn: Turn): void {
    const turns = this.#turns.get(turn.principal) ?? [];
    const place = turns.indexOf(turn);
    if (place >= 0) turns.splice(place, 1);
    if (turns.length === 0) this.#turns.delete(turn.principal);
  }
}
