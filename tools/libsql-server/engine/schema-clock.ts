/** Counts schema changes of the whole database; column names cached under an older count are read anew. */
export class SchemaClock {
  #epoch = 0;
  #schemaVersion: bigint | undefined;

  get epoch(): number {
    return this.#epoch;
  }

  advance(): void {
    this.#epoch += 1;
  }

  /** Notices changes made by other processes: `schemaVersion` is SQLite's own counter in the file. */
  observe(schemaVersion: bigint): void {
    if (schemaVersion === this.#schemaVersion) return;
    this.#schemaVersion = schemaVersion;
    this.#epoch += 1;
  }
}
