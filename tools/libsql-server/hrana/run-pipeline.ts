import type { Stream, StreamStore } from "../engine/stream-store.ts";
import { encodeError } from "./encode-result.ts";
import { HranaError, protocolError } from "./errors.ts";
import type { Pipeline, StreamRequest } from "./protocol.ts";
import type { RequestRunner } from "./request-runner.ts";

/** Runs the requests of a pipeline in order and returns the response body; throws HttpError. */
export async function runPipeline(
  pipeline: Pipeline,
  parts: { streams: StreamStore; runner: RequestRunner },
): Promise<string> {
  const { streams, runner } = parts;
  const stream = await streams.take(pipeline.baton);
  let isOpen = true;
  let isParked = false;
  try {
    let results = "";
    for (const request of pipeline.requests) {
      if (!isOpen) throw protocolError("Stream for this baton was closed");
      const result = await runRequest(runner, { stream, request });
      results += results === "" ? result : `,${result}`;
      isOpen = request.type !== "close";
    }
    if (!isOpen) return `{"baton":null,"base_url":null,"results":[${results}]}`;
    isParked = true;
    streams.park(stream);
    return `{"baton":"${streams.batonOf(stream)}","base_url":null,"results":[${results}]}`;
  } finally {
    if (!isParked) streams.close(stream);
  }
}

async function runRequest(
  runner: RequestRunner,
  { stream, request }: { stream: Stream; request: StreamRequest },
): Promise<string> {
  try {
    return `{"type":"ok","response":${await runner.run(stream, request)}}`;
  } catch (error) {
    if (error instanceof HranaError) return `{"type":"error","error":${encodeError(error)}}`;
    throw error;
  }
}
