/* Replaces `cloudflare:test` when the API suite runs against `npm run serve`. */

interface Context {
  readonly works: Promise<unknown>[];
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
}

export const createExecutionContext = (): Context => {
  const works: Promise<unknown>[] = [];
  return { works, waitUntil: (work) => void works.push(work), passThroughOnException() {} };
};

export const waitOnExecutionContext = ({ works }: Context) => Promise.allSettled(works);

export const createScheduledController = () => ({
  cron: "* * * * *",
  scheduledTime: Date.now(),
  noRetry() {},
});
