import { serviceUnavailable } from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import { pause, TimeoutError, within } from "../lib/clock.ts";
import { workerd } from "../lib/workerd.ts";
import { createDatabase, type Database } from "./database.ts";
import { type KeptStream, KeptStreams, type StreamTurn } from "./kept-streams.ts";
import { decodeResponse, encodeClose, encodePipeline, type Pipeline, parseResponse } from "./pipeline.ts";
import { type Endpoint, PipelineError, postPipeline } from "./post-pipeline.ts";
import type { Step, StepOutcome } from "./step.ts";

interface Server {
  readonly endpoint: Endpoint;
  readonly streams: KeptStreams;
}

const CLOSE_TIMEOUT_MS = 1_000;
/** Longer than `sqld` needs to come to a queued write, as README.md explains. */
const TURN_OF_REFUSED_MS = 1_000;
/** workerd ends what a request has begun when the request ends. A controller would cost a tenth of a get. */
const ENDS_ALONE = workerd !== undefined;
const NO_STREAMS = new KeptStreams(0);

/** How a client's requests to the database take turns with those of others. */
export interface Queueing {
  /** Aborted when the client leaves. */
  readonly client: AbortSignal | undefined;
  /** Whether a write waits for its turn. */
  isWriteWaiting(): boolean;
  /**
   * Waits for the client's turn. Before it waits, adds functions that end its turns to `ends`. Throws
   * SERVICE_UNAVAILABLE.
   */
  takeTurn(asking: { isWrite: boolean; timeoutMs: number }, ends: (() => void)[]): Promise<void>;
}

const NO_QUEUEING: Queueing = {
  client: undefined,
  isWriteWaiting: () => false,
  takeTurn: async () => undefined,
};

/**
 * Opens a libSQL server for one request. Each method of the database is one HTTP request. All requests of an isolate to
 * the same server share `streams`; without it, each request opens a stream and closes it.
 */
export function openHttpDatabase(
  endpoint: Endpoint,
  streams = NO_STREAMS,
  { client, isWriteWaiting, takeTurn }: Queueing = NO_QUEUEING,
): Database {
  return createDatabase(async (steps, timeoutMs, isWrite = false) => {
    const abandonment = ENDS_ALONE ? undefined : new AbortController();
    const server = { endpoint: { ...endpoint, signal: abandonment?.signal }, streams };
    const ends: (() => void)[] = [];
    const endTurns = () => {
      for (const end of ends) end();
    };
    const stop = () => {
      abandonment?.abort();
      endTurns();
    };
    let hasTurn = false;
    async function runInTurn(): Promise<readonly StepOutcome[]> {
      await takeTurn({ isWrite, timeoutMs }, ends);
      hasTurn = true;
      const turn = await streams.take(ends);
      ends.push(turn.end);
      return runSteps(server, turn, { steps, isWrite, isNextWaiting: () => isWrite && isWriteWaiting() });
    }
    client?.addEventListener("abort", stop);
    try {
      return await within(timeoutMs, runInTurn());
    } catch (cause) {
      stop();
      if (cause instanceof TimeoutError && hasTurn) await closeIdle(server);
      throw cause instanceof AppError ? cause : serviceUnavailable(cause);
    } finally {
      client?.removeEventListener("abort", stop);
      endTurns();
    }
  });
}

interface Work {
  readonly steps: readonly Step[];
  readonly isWrite: boolean;
  /** Whether a request waits that can use the stream next. */
  isNextWaiting(): boolean;
}

async function runSteps(
  server: Server,
  turn: StreamTurn,
  { steps, isWrite, isNextWaiting }: Work,
): Promise<readonly StepOutcome[]> {
  /* A write that is refused must not close its stream at once (README.md), and only the response tells. */
  const pipeline = { steps, baton: turn.stream?.baton, isKept: turn.isKept || isWrite };
  const text = await sendPipeline(server, turn.stream, pipeline);
  const response = parseResponse(text);
  const stream = streamOf(server, response, turn.stream);
  let returned: KeptStream | undefined;
  let isWaitedFor = false;
  try {
    const { outcomes, isReusable, isRefused } = decodeResponse(response, pipeline);
    if (isReusable) returned = stream;
    isWaitedFor = isRefused;
    return outcomes;
  } finally {
    const excess = returned ? turn.end(returned, isNextWaiting()) : stream;
    if (excess && isWaitedFor) void pause(TURN_OF_REFUSED_MS).then(() => closeStream(server, excess));
    else if (excess) await closeStream(server, excess);
  }
}

/** Sends the pipeline again if its stream is gone, because then nothing of it ran. */
async function sendPipeline(
  server: Server,
  stream: KeptStream | undefined,
  pipeline: Pipeline,
): Promise<string> {
  try {
    return await postPipeline(endpointOf(server, stream), encodePipeline(pipeline));
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    if (error.reason === "NO_CONNECTION") await closeIdle(server);
    if (error.reason !== "STREAM_GONE" || !stream) throw error;
    server.streams.forget();
    return sendPipeline(server, undefined, { ...pipeline, baton: undefined });
  }
}

const endpointOf = ({ endpoint }: Server, stream: KeptStream | undefined): Endpoint =>
  stream?.baseUrl ? { ...endpoint, url: stream.baseUrl } : endpoint;

/**
 * The stream that the response leaves open, if any. Its address is the last one that a response named. An address
 * that would get the token without encryption is not used.
 */
function streamOf(
  { endpoint }: Server,
  { baton, base_url }: ReturnType<typeof parseResponse>,
  previous: KeptStream | undefined,
): KeptStream | undefined {
  const baseUrl = base_url?.replace(/\/+$/, "") || previous?.baseUrl;
  return baton && (!baseUrl || mayFollow(endpoint.url, baseUrl)) ? { baton, baseUrl } : undefined;
}

/** Whether an address may get the same data and token as the configured one. */
export const mayFollow = (configured: string, named: string): boolean =>
  named.startsWith("https://") || (named.startsWith("http://") && configured.startsWith("http://"));

/** Closes the kept streams, because others need the connections, or because one may block the server. */
async function closeIdle(server: Server): Promise<void> {
  const closings = server.streams.pause().map((stream) => closeStream(server, stream));
  await Promise.all(closings);
}

/** Rolls back the stream and frees its connection. If that fails, the server does so after 10 s. */
async function closeStream(server: Server, stream: KeptStream): Promise<void> {
  try {
    const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
    await postPipeline({ ...endpointOf(server, stream), signal }, encodeClose(stream.baton));
  } catch {
    // Nothing depends on it.
  }
}
