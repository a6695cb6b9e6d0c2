/** The current time. All code gets it here, so that time has one source. */
export const currentTime = (): Date => new Date();

/** Milliseconds since the epoch; in Workers it advances only with I/O. */
export const currentMillis = (): number => Date.now();

export const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** The work took too long. */
export class TimeoutError extends Error {}

/** What to do while one waits, and how often. */
interface Meanwhile {
  readonly everyMs: number;
  run(): void;
}

/**
 * Returns the work's result if it comes in time. Costs half of an AbortSignal. Work that is too late is not stopped,
 * but ends with the request. Throws what the work throws, or a timeout.
 */
export function within<T>(durationMs: number, work: Promise<T>, meanwhile?: Meanwhile): Promise<T> {
  const until = currentMillis() + durationMs;
  return new Promise((resolve, reject) => {
    const look = () => {
      if (meanwhile && currentMillis() < until) return meanwhile.run();
      clearInterval(timer);
      reject(new TimeoutError(`no answer within ${durationMs} ms`));
    };
    const timer = setInterval(look, meanwhile?.everyMs ?? durationMs);
    work.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
