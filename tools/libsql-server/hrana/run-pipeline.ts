import type { Stream, StreamStore } from "../engine/stream-store.ts";
import { encodeError } from "./encode-result.ts";
import { HranaError, ProtocolError } from "./errors.ts";
import type { Pipeline, StreamRequest } from "./protocol.ts";
import type { RequestRunner } from "./request-runner.ts";

/** Runs the requests of a pipeline in order and returns the response body; throws ProtocolError. */
export async function runPipeline(
  pipeline: Pipeline,
  parts: { streams: StreamStore; runner: RequestRunner },
): Promise<string> {
  const { streams, runner } = parts;
  const stream = streams.take(pipeline.baton);
  let isOpen = true;
  let isParked = false;
  try {
    let results = "";
    for (const request of pipeline.requests) {
      if (!isOpen)
        throw new ProtocolError(400, "STREAM_CLOSED", "The stream was closed by an earlier request");
      const result = await runRequest(runner, { stream, request });
      results += results === "" ? result : `,${result}`;
      isOpen = request.type !== "close";
    }
    if (!isOpen) return `{"baton":null,"base_url":null,"results":[${results}]}`;
    isParked = true;
    return `{"baton":"${streams.park(stream)}","base_url":null,"results":[${results}]}`;
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
