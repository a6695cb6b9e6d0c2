import { Agent, request } from "node:http";
import { pause } from "../../../src/lib/clock.ts";

const PAUSE_MS = 5;

export interface Felt {
  readonly latenciesMs: readonly number[];
  /** Statuses other than 200, and errors of the connection. */
  readonly failures: readonly string[];
}

/** Repeats a GET until the signal aborts, on one connection or on a new one each time. */
export async function getUntil(
  over: AbortSignal,
  url: string,
  { key, keepAlive }: { readonly key: string; readonly keepAlive: boolean },
): Promise<Felt> {
  const agent = new Agent({ keepAlive });
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  while (!over.aborted) {
    const start = performance.now();
    const outcome = await get(url, agent, key);
    latenciesMs.push(performance.now() - start);
    if (outcome !== "200") failures.push(outcome);
    await pause(PAUSE_MS);
  }
  agent.destroy();
  return { latenciesMs, failures };
}

function get(url: string, agent: Agent, key: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sent = request(url, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
    response.resume();
    response.on("end", () => resolve(String(response.statusCode)));
    response.on("error", ({ message }) => resolve(message));
  });
  sent.on("error", ({ message }) => resolve(message));
  sent.end();
  return promise;
}
