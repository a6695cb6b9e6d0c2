import { serviceUnavailable } from "../errors/api-errors.ts";
import { currentMillis } from "../lib/clock.ts";
import { Wait } from "./wait.ts";

export const RENEW_EVERY_MS = 500;

/** How long a turn counts after it was renewed. A busy isolate may renew it late. */
const RENEWED_MS = 3_000;

/** The turns of one principal that wait. */
const MAX_WAITING = 200;

interface Turn {
  /** After this time it counts as ended, because a request that the runtime has stopped never ends its turn. */
  until: number;
  wait?: Wait;
}

/** A request that takes turns. */
export interface TurnTaker {
  /** How long it takes at most. */
  readonly longestMs: number;
  /** Functions that end its turns, to be called within `longestMs`. */
  readonly ends: (() => void)[];
  /** Functions that renew its turns, to be called every `RENEW_EVERY_MS`. Without them, turns count for `longestMs`. */
  readonly renewals?: (() => void)[] | undefined;
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
   * Resolves when it is this request's turn. Before it waits, adds to the taker's functions. Throws SERVICE_UNAVAILABLE
   * if too many wait, or if the turn is ended before it comes.
   */
  async take(principal: string, { longestMs, ends, renewals }: TurnTaker): Promise<void> {
    this.#endLate(principal);
    const turns = this.#turns.get(principal) ?? [];
    if (turns.length >= this.#max + MAX_WAITING)
      throw serviceUnavailable("too many requests of one principal wait");
    const turn: Turn = { until: currentMillis() + (renewals ? RENEWED_MS : longestMs) };
    turns.push(turn);
    this.#turns.set(principal, turns);
    ends.push(() => this.#end(principal, turn));
    renewals?.push(() => this.#renew(principal, turn));
    if (turns.length <= this.#max) return;
    turn.wait = new Wait();
    await turn.wait.untilOver();
    if (!turns.includes(turn)) throw serviceUnavailable("its turn did not come in time");
  }

  /** Whether a request of the principal waits. */
  isWaiting(principal: string): boolean {
    return (this.#turns.get(principal)?.length ?? 0) > this.#max;
  }

  #renew(principal: string, turn: Turn): void {
    turn.until = currentMillis() + RENEWED_MS;
    this.#endLate(principal);
  }

  #endLate(principal: string): void {
    const now = currentMillis();
    const late = this.#turns.get(principal)?.filter(({ until }) => until <= now) ?? [];
    for (const turn of late) this.#end(principal, turn);
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
