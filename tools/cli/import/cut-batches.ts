import type { SourceRow } from "./source-row.ts";

/** Limits of a bulk request: docs/api.md. */
const MAX_ITEMS = 100;
const MAX_BODY_BYTES = 1024 * 1024;
/** The brackets of the array; each item brings a comma. */
const BRACKETS = 2;

/** A row that can be sent, or with an `error` that cannot. */
export interface BatchRow extends SourceRow {
  /** The record as JSON. */
  readonly text: string;
}

/**
 * Rows that go in one request, and between them those that cannot be sent. Which ones depends on the file alone, so an
 * interrupted import cuts the same again.
 */
export interface Batch {
  /** Which row of the file is its first one, from 1. */
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
    if (open.length === MAX_ITEMS || (isSent && size + bytes > MAX_BODY_BYTES)) {
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
