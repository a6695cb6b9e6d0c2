/** Runs several tasks at once, in the order in which they arrive. After a failure no task starts. */
export class SendingPool {
  readonly #most: number;
  readonly #running = new Map<Promise<void>, ReadonlySet<string>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Starts the task when there is room and no running task has one of its `marks`. Resolves when it has started. Throws
   * the first failure of any task, after the others have ended.
   */
  async run(marks: ReadonlySet<string>, task: () => Promise<void>): Promise<void> {
    while (!this.#failure && !this.#hasRoom(marks)) await Promise.race(this.#running.keys());
    if (this.#failure) return this.end();
    const running = task()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.set(running, marks);
  }

  /** Resolves when all have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.keys());
  }

  /** Resolves when all have ended. Throws the first failure. */
  async end(): Promise<void> {
    await this.settled();
    if (this.#failure) throw this.#failure.error;
  }

  #hasRoom(marks: ReadonlySet<string>): boolean {
    if (this.#running.size >= this.#most) return false;
    return [...this.#running.values()].every((others) => [...marks].every((mark) => !others.has(mark)));
  }
}
