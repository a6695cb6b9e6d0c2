/** A bounded number of waiting items, first come first served within a lane, lane by lane in turn. */
export class FairQueue<T> {
  readonly #max: number;
  /** In the order in which the lanes are served next. */
  readonly #lanes = new Map<string, T[]>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Adds an item. Returns the one that has no room: the newest of the longest lane, so that one lane cannot keep others
   * out. That may be the item itself.
   */
  push(lane: string, item: T): T | undefined {
    const items = this.#lanes.get(lane) ?? [];
    items.push(item);
    this.#lanes.set(lane, items);
    if (this.#size < this.#max) {
      this.#size += 1;
      return undefined;
    }
    let longest = items;
    for (const others of this.#lanes.values()) if (others.length > longest.length) longest = others;
    const displaced = longest.pop();
    if (items.length === 0) this.#lanes.delete(lane);
    return displaced;
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
