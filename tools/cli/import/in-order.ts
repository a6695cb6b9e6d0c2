/** Passes values on in the order of their places, from 0, however they arrive. */
export class InOrder<T> {
  readonly #waiting = new Map<number, T>();
  readonly #take: (value: T) => void;
  #next = 0;

  constructor(take: (value: T) => void) {
    this.#take = take;
  }

  put(place: number, value: T): void {
    this.#waiting.set(place, value);
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next++);
      this.#take(next);
    }
  }

  /** Passes on all waiting values: the missing places will not come. */
  flush(): void {
    const left = [...this.#waiting].sort(([a], [b]) => a - b);
    this.#waiting.clear();
    for (const [, value] of left) this.#take(value);
  }
}
