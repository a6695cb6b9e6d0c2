/** The current time. All code gets it here, so that time has one source. */
export const currentTime = (): Date => new Date();

/** Milliseconds since the epoch; in Workers it advances only with I/O. */
export const currentMillis = (): number => Date.now();

export const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** The work took too long. */
export class TimeoutError extends Error {}

/**
 * Returns the work's result if it comes in time. Costs half of an AbortSignal. Work that is too late is not stopped,
 * but ends with the request. Throws what the work throws, or a timeout.
 */
export function within<T>(durationMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new TimeoutError(`no answer within ${durationMs} ms`));
    const timer = setTimeout(giveUp, durationMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
