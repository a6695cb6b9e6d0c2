import { toAppError } from "../../errors/to-app-error.ts";
import { logFailure } from "../../lib/logger.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { encoderOf } from "../../query/export/encoder-of.ts";
import { planExport } from "../../query/plan/plan-list.ts";
import { compileExportChunk } from "../../query/sql/compile-list.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import type { ListRecordsInput } from "./list-records.ts";
import { targetIn } from "./record-view.ts";

export interface RecordExport {
  readonly contentType: string;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Every matching record as text, in constant memory: each chunk is read, behind the fence, when the client has taken
 * the one before. Throws NOT_FOUND, BAD_REQUEST; later failures break the stream off.
 */
export async function exportRecords(ctx: WorkspaceContext, input: ListRecordsInput): Promise<RecordExport> {
  const text = new TextEncoder();
  const first = await readChunk(ctx, input, null);
  let pending: Chunk | undefined = first;
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

  /** The download ends without its end, which is all that its client can still be told. */
  function breakOff(failure: unknown): never {
    logFailure(ctx.requestId, toAppError(failure));
    throw failure;
  }
}

interface Chunk {
  readonly contentType: string;
  readonly text: string;
  /** Where to go on; undefined after the last chunk. */
  readonly next: readonly SqlValue[] | undefined;
}

async function readChunk(
  ctx: WorkspaceContext,
  input: ListRecordsInput,
  after: readonly SqlValue[] | null,
): Promise<Chunk> {
  return runFenced(ctx, {
    need: "READ",
    plan: (planning) => {
      const target = targetIn(planning, input.entity, ["read"]);
      const plan = planExport(target, input.query());
      const encoder = encoderOf(plan);
      const chunk = compileExportChunk(plan, after);
      return {
        statements: chunk.statements,
        shape(results) {
          const { records, next } = chunk.shape(results);
          const head = after === null ? encoder.head : "";
          return {
            contentType: encoder.contentType,
            text: head + encoder.encode(records),
            next: next ?? undefined,
          };
        },
      };
    },
  });
}
