import { toAppError } from "../../errors/to-app-error.ts";
import { logFailure } from "../../lib/logger.ts";
import { EXPORT_CHUNK_SIZE } from "../../query/limits.ts";
import type { WorkspaceContext } from "../context.ts";
import { type EncodedChunk, readChunk } from "./export-chunk.ts";
import type { ListRecordsInput } from "./list-records.ts";

export interface RecordExport {
  readonly contentType: string;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Streams every matching record as text, in constant memory. Each chunk is read behind the fence, once the client has
 * taken the one before. Throws NOT_FOUND, BAD_REQUEST; later failures break the stream off.
 */
export async function exportRecords(ctx: WorkspaceContext, input: ListRecordsInput): Promise<RecordExport> {
  const text = new TextEncoder();
  const first = await readChunk(ctx, input, { after: null, size: EXPORT_CHUNK_SIZE });
  let pending: EncodedChunk | undefined = first;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!pending) return controller.close();
        controller.enqueue(text.encode(pending.text));
        pending = pending.next && (await readChunk(ctx, input, pending.next).catch(breakOff));
        if (!pending) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { contentType: first.contentType, body };

  /** The body ends incomplete, which is the only way left to report a failure. */
  function breakOff(failure: unknown): never {
    logFailure(ctx.requestId, toAppError(failure));
    throw failure;
  }
}
