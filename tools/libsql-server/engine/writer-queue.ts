import { databaseBusy } from "./sqlite-errors.ts";

interface Waiter {
  readonly owner: object;
  readonly grant: () => void;
}

/**
 * The one writer slot of the database, first come first served. SQLite's own busy handler would block
 * the event loop, and with it the very transaction that is being waited for.
 */
export class WriterQueue {
  #holder: object | undefined;
  readonly #waiters: Waiter[] = [];
  readonly #maxWaitMs: number;

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  get waitingCount(): number {
    return this.#waiters.length;
  }

  isHeldBy(owner: object): boolean {
    return this.#holder === owner;
  }

  /** Undefined if the slot is granted at once; else a promise that rejects with SQLITE_BUSY in the end. */
  acquire(owner: object): Promise<void> | undefined {
    if (this.#holder === undefined) {
      this.#holder = owner;
      return undefined;
    }
    if (this.#holder === owner) return undefined;
    return this.#enqueue(owner);
  }

  /** Passes the slot to the next in line; does nothing unless `owner` has it. */
  release(owner: object): void {
    if (this.#holder !== owner) return;
    const next = this.#waiters.shift();
    this.#holder = next?.owner;
    next?.grant();
  }

  #enqueue(owner: object): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      owner,
      grant: () => {
        clearTimeout(timer);
        resolve();
      },
    };
    const timer = setTimeout(() => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      reject(databaseBusy());
    }, this.#maxWaitMs);
    this.#waiters.push(waiter);
    return promise;
  }
}
