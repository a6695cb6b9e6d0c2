import { ResponseTooLarge, schemaMigrationInProgress } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Rows, SqlValue } from "../../model/sql-value.ts";
import { encoderOf } from "../../query/export/encoder-of.ts";
import { planExport } from "../../query/plan/plan-list.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { mapStatements } from "../../query/sql/compiled.ts";
import { compileChunk } from "../../query/sql/page/compile-list.ts";
import type { WorkspaceContext } from "../context.ts";
import type { ListRecordsInput } from "./list-records.ts";

/** The factor by which a chunk that was too large shrinks. */
const FEWER = 8;

/** The next chunk to read. */
interface Position {
  /** Null at the beginning. */
  readonly after: readonly SqlValue[] | null;
  /** How many records to read at once. */
  readonly size: number;
  /** The schema version of earlier chunks; records of another schema would not fit their header. */
  readonly schemaVersion?: number;
}

/** A part of an export as text. */
export interface EncodedChunk {
  readonly contentType: string;
  readonly text: string;
  /** Undefined after the last chunk. */
  readonly next: Position | undefined;
}

/**
 * Reads a part of an export behind the fence, with fewer records at once if they are too large together. Throws
 * NOT_FOUND, BAD_REQUEST, SCHEMA_MIGRATION_IN_PROGRESS.
 */
export async function readChunk(
  ctx: WorkspaceContext,
  input: ListRecordsInput,
  position: Position,
): Promise<EncodedChunk> {
  try {
    return await tryChunk(ctx, input, position);
  } catch (failure) {
    if (!(failure instanceof ResponseTooLarge) || position.size === 1) throw failure;
    return readChunk(ctx, input, { ...position, size: Math.ceil(position.size / FEWER) });
  }
}

function tryChunk(
  ctx: WorkspaceContext,
  input: ListRecordsInput,
  { after, size, schemaVersion }: Position,
): Promise<EncodedChunk> {
  return runFenced(ctx, {
    need: "READ",
    plan: (planning) => {
      const target = targetIn(planning, input.entity, ["read"]);
      const version = target.catalog.schemaVersion;
      if (version !== (schemaVersion ?? version)) throw schemaMigrationInProgress();
      const plan = planExport(target, input.query());
      const encoder = encoderOf(plan);
      const chunk = mapStatements(compileChunk(plan, after, size), target.visible.bind);
      return {
        ...chunk,
        shape(results: readonly Rows[]) {
          const { records, next } = chunk.shape(results);
          const head = after === null ? encoder.head : "";
          return {
            contentType: encoder.contentType,
            text: head + encoder.encode(records),
            next: next ? { after: next, size, schemaVersion: version } : undefined,
          };
        },
      };
    },
  });
}
