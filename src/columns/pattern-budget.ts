import { patternsTooCostly } from "../errors/api-errors.ts";

/** RE2 instructions times characters, some 10 ns each, that the patterns of one request may take. */
const MAX_REQUEST_STEPS = 5_000_000;

/** The remaining steps for the patterns of one request. */
export class PatternBudget {
  #left = MAX_REQUEST_STEPS;

  /** Throws RequestError if nothing is left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw patternsTooCostly(MAX_REQUEST_STEPS);
  }
}
