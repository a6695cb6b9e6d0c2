const REDRAW_MS = 100;
const BAR_WIDTH = 24;

export interface Progress {
  /** Bytes of the file that were read, and rows that are done. */
  readonly bytes: number;
  readonly rows: number;
}

/** A progress bar on standard error, if that is a terminal. */
export class ProgressBar {
  readonly #total: number;
  readonly #started = performance.now();
  #lastDrawn = 0;

  constructor(totalBytes: number) {
    this.#total = totalBytes;
  }

  draw({ bytes, rows }: Progress): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#lastDrawn < REDRAW_MS) return;
    this.#lastDrawn = now;
    const part = this.#total > 0 ? Math.min(1, bytes / this.#total) : 1;
    const filled = Math.round(part * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    const perSecond = Math.round((rows * 1000) / (now - this.#started));
    const percent = `${Math.floor(part * 100)} %`.padStart(5);
    process.stderr.write(`\r${bar} ${percent}  ${rows} rows, ${perSecond}/s\x1b[K`);
  }

  clear(): void {
    if (this.#lastDrawn > 0) process.stderr.write("\r\x1b[K");
  }
}
