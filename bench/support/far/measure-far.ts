import { percentile } from "../alternate.ts";
import { median } from "../median.ts";
import { type OperationName, sendRequest, verifyOperation } from "../peers/operations.ts";
import { ROUNDS } from "../peers/settings.ts";
import type { Target } from "../peers/target.ts";
import { readNumber } from "../publish-results.ts";
import type { DelayingProxy } from "./delaying-proxy.ts";

/** Requests of a round, unless it takes too long. */
export const REQUESTS = readNumber("REQUESTS", 35);
/** A round ends with the request that reaches this time. */
export const LONGEST_ROUND_MS = 4_000;
/** How far the database is, one way. */
export const DELAY_MS = 20;
/** Before the first round, without a delay. */
const WARM_UP = { requests: 200, longestMs: 2_000 };
/** Before each round. Opens connections and streams that were closed while others had their turn. */
const REOPENING = { requests: 3, longestMs: 1_000 };
const FEWEST_FOR_P99 = 100;
const CONNECTIONS = 1;

export interface FarTarget {
  readonly target: Target;
  /** Between the target and its database. */
  readonly proxy: DelayingProxy;
}

/** What everything else is compared with. */
export interface RoundTrip {
  readonly name: string;
  readonly proxy: DelayingProxy;
  send(): Promise<void>;
}

export interface FarFigures {
  readonly p50Ms: number;
  /** Undefined if there were too few requests. */
  readonly p99Ms: number | undefined;
  /** The p50 in round trips: the median of the ratios of each round. */
  readonly roundTrips: number;
  /** Database requests of an operation, in turn or at once: the median. */
  readonly requests: number;
}

export interface FarRow {
  readonly name: string;
  readonly figures?: FarFigures;
  /** Why there are no figures. */
  readonly absence?: string;
}

export interface FarOperation {
  readonly operation: OperationName;
  /** The round trip first. */
  readonly rows: readonly FarRow[];
}

interface Lane extends RoundTrip {
  /** Milliseconds of each request, by round. */
  readonly rounds: number[][];
  readonly requests: number[];
}

/** Measures one operation of all targets over one connection, in alternating rounds, after checking each. */
export async function measureFar(
  operation: OperationName,
  roundTrip: RoundTrip,
  targets: readonly FarTarget[],
): Promise<FarOperation> {
  const first = laneOf(roundTrip);
  const lanes = [first];
  const absences: FarRow[] = [];
  for (const { proxy } of targets) proxy.delayMs = 0;
  for (const target of targets) {
    const { name } = target.target;
    try {
      const send = await openOperation(target.target, operation);
      if (send) lanes.push(laneOf({ name, proxy: target.proxy, send }));
      else absences.push({ name, absence: "not offered" });
    } catch (error) {
      absences.push({ name, absence: `responds wrongly: ${(error as Error).message}` });
    }
  }
  for (const { send } of lanes) await repeat(WARM_UP, send);
  for (const { proxy } of lanes) proxy.delayMs = DELAY_MS;
  for (let round = 0; round < ROUNDS; round += 1) for (const lane of lanes) await runRound(lane);
  return { operation, rows: [...lanes.map((lane) => summarize(lane, first)), ...absences] };
}

const laneOf = (sender: RoundTrip): Lane => ({ ...sender, rounds: [], requests: [] });

/** Returns what sends the operation's requests in turn, and throws for an unexpected status. */
async function openOperation(target: Target, name: OperationName) {
  const operation = await verifyOperation(target, name, CONNECTIONS);
  if (!operation) return undefined;
  const { requests, status } = operation;
  // Only `serve` would compress, and fetch asks for it unless told otherwise.
  const headers = { ...target.headers, "accept-encoding": "identity" };
  let index = 0;
  return async () => {
    const request = requests[index % requests.length];
    if (!request) throw new Error(`${name} has no requests`);
    index += 1;
    const response = await sendRequest({ ...target, headers }, request);
    const text = await response.text();
    if (response.status === status) return;
    throw new Error(`${target.name}: ${name} answered ${response.status}, not ${status}: ${text}`);
  };
}

async function runRound({ rounds, requests, proxy, send }: Lane): Promise<void> {
  await repeat(REOPENING, send);
  const times: number[] = [];
  await repeat({ requests: REQUESTS, longestMs: LONGEST_ROUND_MS }, async () => {
    const before = proxy.requests();
    const start = performance.now();
    await send();
    times.push(performance.now() - start);
    requests.push(proxy.requests() - before);
  });
  rounds.push(times);
}

async function repeat(
  { requests, longestMs }: { readonly requests: number; readonly longestMs: number },
  send: () => Promise<void>,
): Promise<void> {
  const end = performance.now() + longestMs;
  for (let i = 0; i < requests && performance.now() < end; i += 1) await send();
}

function summarize({ name, rounds, requests }: Lane, roundTrip: Lane): FarRow {
  const times = rounds.flat();
  const ratios = rounds.map((round, i) => percentile(round, 50) / percentile(roundTrip.rounds[i] ?? [], 50));
  const figures = {
    p50Ms: percentile(times, 50),
    p99Ms: times.length < FEWEST_FOR_P99 ? undefined : percentile(times, 99),
    roundTrips: median(ratios),
    requests: median(requests),
  };
  return { name, figures };
}
