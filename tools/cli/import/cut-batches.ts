import { MAX_BATCH_ITEMS } from "../../../src/query/limits.ts";
import type { SourceRow } from "./read/source-row.ts";

/** The largest body of a request: docs/api.md. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The brackets of the array. Each item adds a comma. */
const BRACKETS = 2;

/** A row to send; a row with an `error` is not sent. */
export interface BatchRow extends SourceRow {
  /** The record as JSON. */
  readonly text: string;
}

/**
 * The rows of one request, and between them rows that cannot be sent. The cuts depend on the file alone, so a resumed
 * import makes the same ones.
 */
export interface Batch {
  /** The number of its first row, from 1. */
  readonly number: number;
  readonly rows: readonly BatchRow[];
}

/** Cuts rows into bodies of at most 100 rows and 1 MiB. */
export async function* cutBatches(rows: AsyncIterable<SourceRow>): AsyncGenerator<Batch> {
  let number = 1;
  let open: BatchRow[] = [];
  let size = BRACKETS;
  for await (const row of rows) {
    const text = JSON.stringify(row.record);
    const bytes = Buffer.byteLength(text) + 1;
    const isTooLarge = bytes + BRACKETS > MAX_BODY_BYTES;
    const isSent = !row.error && !isTooLarge;
    if (open.length === MAX_BATCH_ITEMS || (isSent && size + bytes > MAX_BODY_BYTES)) {
      yield { number, rows: open };
      number += open.length;
      open = [];
      size = BRACKETS;
    }
    open.push(isTooLarge ? { error: TOO_LARGE, ...row, text } : { ...row, text });
    if (isSent) size += bytes;
  }
  if (open.length > 0) yield { number, rows: open };
}

const TOO_LARGE = { code: "PAYLOAD_TOO_LARGE", message: `The row is larger than ${MAX_BODY_BYTES} bytes` };
