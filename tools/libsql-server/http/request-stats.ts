/** Counts pipeline requests in total and per X-Request-Id, for tests of "one round trip per request". */
export class RequestStats {
  #total = 0;
  readonly #countById = new Map<string, number>();
  readonly #maxIds: number;

  constructor(maxIds: number) {
    this.#maxIds = maxIds;
  }

  get total(): number {
    return this.#total;
  }

  count(id: string): number {
    return this.#countById.get(id) ?? 0;
  }

  record(id: string | undefined): void {
    this.#total += 1;
    if (id === undefined) return;
    this.#countById.set(id, this.count(id) + 1);
    if (this.#countById.size <= this.#maxIds) return;
    for (const oldest of this.#countById.keys()) {
      this.#countById.delete(oldest);
      return;
    }
  }
}
