/** The current time. Everything that needs it asks here, so that time has one source. */
export const currentTime = (): Date => new Date();

/** Milliseconds since the epoch; in Workers it advances only with I/O. */
export const currentMillis = (): number => Date.now();

export const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** Work was not done within its time. */
export class TimeoutError extends Error {}

/**
 * What the work gives, if it does so in time. Costs half of an AbortSignal; what comes too late is not stopped, but ends
 * with the request. Throws what the work throws, or that it took too long.
 */
export function within<T>(durationMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new TimeoutError(`no answer within ${durationMs} ms`));
    const timer = setTimeout(giveUp, durationMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
