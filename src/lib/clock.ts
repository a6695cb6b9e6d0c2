/** The current time. Everything that needs it asks here, so that time has one source. */
export const currentTime = (): Date => new Date();

/** Milliseconds since the epoch; in Workers it advances only with I/O. */
export const currentMillis = (): number => Date.now();

export const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));
