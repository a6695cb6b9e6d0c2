import { httpError } from "../hrana/errors.ts";

export interface PermitLimits {
  readonly maxConnections: number;
  /** How long a request waits for a connection. */
  readonly waitMs: number;
  /** How many requests may wait. */
  readonly maxWaiting: number;
}

/** Bounds the open connections, as sqld does: first come first served, and 429 after the wait. */
export class ConnectionPermits {
  readonly #limits: PermitLimits;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limits: PermitLimits) {
    this.#limits = limits;
  }

  /** Undefined if a permit is free; else a promise of one. Throws or rejects with HttpError 429. */
  acquire(): Promise<void> | undefined {
    if (this.#taken < this.#limits.maxConnections) {
      this.#taken += 1;
      return undefined;
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) throw httpError(429, "Too many concurrent requests");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const grant = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(grant), 1);
      reject(httpError(429, "Timed out while opening database connection"));
    }, this.#limits.waitMs);
    this.#waiting.push(grant);
    return promise;
  }

  /** Passes the permit to the next in line. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken -= 1;
  }
}
