import { type RequestOptions, request } from "node:http";

const MINUTE_MS = 60_000;

/** Triggers at every full minute, one call at a time, as `* * * * *` does. Returns the function that ends it. */
export function startCron(
  trigger: () => Promise<string | undefined>,
  log: (line: string) => void,
): () => void {
  let timer: NodeJS.Timeout;
  let isStopped = false;
  const schedule = (): void => {
    if (isStopped) return;
    timer = setTimeout(run, MINUTE_MS - (Date.now() % MINUTE_MS));
  };
  const run = async (): Promise<void> => {
    const problem = await trigger();
    if (problem && !isStopped) log(`The scheduled run failed: ${problem}`);
    schedule();
  };
  schedule();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** Resolves with what went wrong, if anything. A Worker without a scheduled handler (404) is no problem. */
export function triggerScheduled(address: RequestOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ path: "/", ...address }, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.once("close", () => resolve(statusCode < 500 ? undefined : `status ${statusCode}`));
    });
    call.once("error", (error) => resolve(error.message));
    call.end();
  });
}
