import { patternsTooCostly } from "../errors/failures.ts";

/** RE2 instructions times characters, some 10 ns each: what the patterns of one request may take. */
const MAX_REQUEST_STEPS = 5_000_000;

/** What is left of the steps that one request may take to match patterns. */
export class PatternBudget {
  #left = MAX_REQUEST_STEPS;

  /** Throws a RefusedRequest when nothing is left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw patternsTooCostly(MAX_REQUEST_STEPS);
  }
}
