/** Rounds of the event loop for everybody else after each one that has passed. */
const ROUNDS_BETWEEN = 3;

/** Lets works that take long pass one at a time, and short ones of others in between. */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #isTurning = false;

  /** Resolves when the turn has come. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isTurning) void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    this.#isTurning = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      next();
      for (let round = 0; round < ROUNDS_BETWEEN; round++) await new Promise(setImmediate);
    }
    this.#isTurning = false;
  }
}
