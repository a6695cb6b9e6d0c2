/** A response that is ready waits no longer for others of its batch. */
const LONGEST_WAIT_MS = 2;

interface Batch {
  readonly sending: PromiseWithResolvers<void>;
  readonly until: number;
}

/**
 * Sends the responses together that are ready in the same turn of the event loop. Each sending wakes a client. Where 32
 * clients read by id, waking them one after the other takes 40 % of the process's CPU time.
 */
export class ResponseBatches {
  #open: Batch | undefined;

  /** Resolves when a response that is ready may be sent. */
  untilDue(): Promise<void> {
    if (this.#open && performance.now() > this.#open.until) this.#send(this.#open);
    this.#open ??= this.#start();
    return this.#open.sending.promise;
  }

  #start(): Batch {
    const batch = { sending: Promise.withResolvers<void>(), until: performance.now() + LONGEST_WAIT_MS };
    setImmediate(() => this.#send(batch));
    return batch;
  }

  #send(batch: Batch): void {
    if (this.#open === batch) this.#open = undefined;
    batch.sending.resolve();
  }
}
