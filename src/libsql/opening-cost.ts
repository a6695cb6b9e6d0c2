import { currentMillis } from "../lib/clock.ts";

/** For so long, a crowd that has just come keeps the isolate so busy that durations tell little about the database. */
const SETTLED_MS = 200;
/** Opening is expensive where it makes a request take this many times as long. */
const WORTH_WAITING = 1.25;
/** How many of the newest durations in a crowd are compared. */
const OPENINGS = 5;
const REUSES = 50;
/** How long a comparison is valid. */
const VALID_MS = 5_000;
/** The time from the first opening in a crowd to the next one. It doubles each time, up to `VALID_MS`. */
const NEXT_MS = 25;
/** A longer request tells of its statement, not of its stream. */
const LONGEST_MS = 250;
/** The weight of the newest duration in an average. */
const WEIGHT = 0.1;

/**
 * Whether requests on new streams take much longer than requests on open ones. If a whole crowd opens streams, all
 * requests take equally long. So in a crowd, they are compared only while most of it waits.
 */
export class OpeningCost {
  readonly #few: number;
  /** Average durations, in ms; undefined before the first request. */
  #openMs: number | undefined;
  #reuseMs: number | undefined;
  /** The newest durations in a crowd of which only few are at the database. */
  #openings: readonly number[] = [];
  readonly #reuses: number[] = [];
  #openingCount = 0;
  #openedAt = 0;
  #isHighInCrowd = true;
  #crowdedSince = Number.POSITIVE_INFINITY;

  /** `few`: more requests at once are a crowd. */
  constructor(few: number) {
    this.#few = few;
  }

  /** Notes how many requests use a stream or wait for one. */
  noteRequests(count: number): void {
    if (count <= this.#few) this.#crowdedSince = Number.POSITIVE_INFINITY;
    else this.#crowdedSince = Math.min(this.#crowdedSince, currentMillis());
  }

  /** How long a request on a new stream usually takes, in ms. */
  get openMs(): number {
    return this.#openMs ?? 0;
  }

  /** Whether waiting for a stream in use is better than opening one. Assumed if unknown. */
  isHigh(): boolean {
    if (this.#isCrowded()) return this.#isHighInCrowd || this.#sinceOpening() > VALID_MS;
    return this.#openMs === undefined || this.#openMs >= WORTH_WAITING * (this.#reuseMs ?? 0);
  }

  /** Whether a request of a crowd should open a stream for a comparison. `turns`: how many requests use a stream. */
  isDue(turns: number): boolean {
    const waitMs = Math.min(VALID_MS, NEXT_MS * 2 ** this.#openingCount);
    return turns < this.#few && this.#isCrowded() && this.#sinceOpening() > waitMs;
  }

  /** Begins to measure a request. Call the result at its end. `turns`: how many requests use a stream. */
  measure(isReused: boolean, turns: number): (turnsAtEnd: number) => void {
    const start = currentMillis();
    const wasCrowded = this.#isCrowded();
    return (turnsAtEnd) => {
      if (this.#isCrowded() !== wasCrowded) return;
      const ms = Math.min(currentMillis() - start, LONGEST_MS);
      if (wasCrowded) {
        if (Math.max(turns, turnsAtEnd) <= this.#few) this.#noteInCrowd(ms, isReused);
      } else if (isReused) this.#reuseMs = average(this.#reuseMs, ms);
      else this.#openMs = average(this.#openMs, ms);
    };
  }

  #noteInCrowd(ms: number, isReused: boolean): void {
    if (isReused) {
      this.#reuses.push(ms);
      if (this.#reuses.length > REUSES) this.#reuses.shift();
      return;
    }
    this.#openings = [...this.#openings, ms].slice(-OPENINGS);
    this.#openingCount += 1;
    this.#openedAt = currentMillis();
    const isKnown = this.#openings.length === OPENINGS;
    this.#isHighInCrowd = !isKnown || usual(this.#openings) >= WORTH_WAITING * usual(this.#reuses);
  }

  #isCrowded(): boolean {
    return currentMillis() - this.#crowdedSince >= SETTLED_MS;
  }

  #sinceOpening(): number {
    return currentMillis() - this.#openedAt;
  }
}

const average = (before: number | undefined, newest: number): number =>
  before === undefined ? newest : before + WEIGHT * (newest - before);

/** The average of the middle half. */
function usual(durations: readonly number[]): number {
  const quarter = durations.length >> 2;
  const middle = durations.toSorted((a, b) => a - b).slice(quarter, durations.length - quarter);
  return middle.reduce((sum, ms) => sum + ms, 0) / Math.max(1, middle.length);
}
