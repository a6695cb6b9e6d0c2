import { currentMillis, pause, within } from "../lib/clock.ts";
import { workerd } from "../lib/workerd.ts";

/**
 * Whether a promise of one request may wake another one: everywhere but in workerd without this flag, which is off in our
 * tests of the Worker.
 */
const CAN_WAKE = workerd?.compatibilityFlags.handle_cross_request_promise_resolution ?? true;
const LOOK_EVERY_MS = 1;

/** A wait of one request that another request ends. */
export class Wait {
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;

  end(): void {
    this.#isOver = true;
    if (CAN_WAKE) this.#over.resolve();
  }

  /**
   * Resolves when the wait ends, at the latest after `longestMs`. Without `longestMs`, the request needs its own
   * timer or other I/O, or workerd considers it hung.
   */
  async untilOver(longestMs?: number): Promise<void> {
    if (!CAN_WAKE) return this.#lookUntilOver(longestMs);
    if (longestMs === undefined) return this.#over.promise;
    return within(longestMs, this.#over.promise).catch(() => undefined);
  }

  async #lookUntilOver(longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    const until = currentMillis() + longestMs;
    while (!this.#isOver && currentMillis() < until) await pause(LOOK_EVERY_MS);
  }
}
