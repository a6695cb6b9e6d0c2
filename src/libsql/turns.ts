import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis, pauseUntil } from "../lib/clock.ts";

/** A waiting request is woken when its turn comes. It also looks itself, for turns before it that are never ended. */
const LOOK_EVERY_MS = 100;
/** The turns of one principal. Each waits for those before it. */
const MAX_WAITING = 200;

interface Turn {
  readonly principal: string;
  /** After this time a turn counts as ended, because a request that the runtime has stopped never ends its turn. */
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
   * Resolves when it is this request's turn, with the function that ends it. The turn also ends when the client leaves.
   * Throws SERVICE_UNAVAILABLE after `timeoutMs`, if too many wait, or if the client has left.
   */
  async take(principal: string, timeoutMs: number, client?: AbortSignal): Promise<() => void> {
    const turn: Turn = { principal, until: currentMillis() + timeoutMs };
    const turns = this.#turns.get(principal) ?? [];
    if (turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    const end = () => {
      client?.removeEventListener("abort", end);
      this.#end(turn);
    };
    client?.addEventListener("abort", end);
    this.#turns.set(principal, turns);
    turns.push(turn);
    while (this.#placeOf(turn) >= this.#max) {
      const woken = new Promise<void>((resolve) => {
        turn.wake = resolve;
      });
      await pauseUntil(woken, LOOK_EVERY_MS);
      if (currentMillis() < turn.until) continue;
      end();
      throw serviceUnavailable("waited too long for other requests of the same principal");
    }
    if (client?.aborted) throw serviceUnavailable("the client has left");
    return end;
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
    if (place >= 0 && place < this.#max) turns[this.#max - 1]?.wake?.();
  }
}
