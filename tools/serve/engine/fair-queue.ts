/** Waiting items, first come first served within a lane, lane by lane in turn. */
export class FairQueue<T> {
  /** In the order in which the lanes are served next. */
  readonly #lanes = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(lane: string, item: T): void {
    const items = this.#lanes.get(lane);
    if (items) items.push(item);
    else this.#lanes.set(lane, [item]);
    this.#size += 1;
  }

  /** Takes the first allowed item of the next lane that has one. That lane then becomes the last. */
  take(mayTake: (item: T) => boolean): T | undefined {
    for (const [lane, items] of this.#lanes) {
      const index = items.findIndex(mayTake);
      if (index < 0) continue;
      const [item] = items.splice(index, 1);
      this.#lanes.delete(lane);
      if (items.length > 0) this.#lanes.set(lane, items);
      this.#size -= 1;
      return item;
    }
    return undefined;
  }
}
