import type { JsonObject } from "../../../src/model/json.ts";
import type { ApiError } from "../api/api-refusal.ts";
import type { SourceRow } from "./source-row.ts";

/** Limits of a bulk request: docs/api.md. */
const MAX_ITEMS = 100;
const MAX_BODY_BYTES = 1024 * 1024;
/** The brackets of the array; each item brings a comma. */
const BRACKETS = 2;

/** Rows that go in one request. Which ones depends on the file alone, so an interrupted import cuts the same again. */
export interface Batch {
  /** Where each row begins. */
  readonly lines: readonly number[];
  readonly records: readonly JsonObject[];
  readonly body: string;
}

/** What comes out of a file, in its order. */
export type Cut = { readonly batch: Batch } | { readonly refused: RefusedRow };

export interface RefusedRow {
  readonly line: number;
  readonly row: JsonObject;
  readonly error: ApiError;
}

/** Bodies of at most 100 rows and 1 MiB. Rows that cannot be sent come out by themselves. */
export async function* cutBatches(rows: AsyncIterable<SourceRow>): AsyncGenerator<Cut> {
  let open = new OpenBatch();
  for await (const { line, record, error } of rows) {
    if (error) {
      yield { refused: { line, row: record, error } };
      continue;
    }
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes + BRACKETS > MAX_BODY_BYTES) {
      const message = `The row is larger than ${MAX_BODY_BYTES} bytes`;
      yield { refused: { line, row: record, error: { code: "PAYLOAD_TOO_LARGE", message } } };
      continue;
    }
    if (!open.takes(bytes)) {
      yield { batch: open.close() };
      open = new OpenBatch();
    }
    open.add({ line, record, text, bytes });
  }
  if (open.size > 0) yield { batch: open.close() };
}

class OpenBatch {
  readonly #lines: number[] = [];
  readonly #records: JsonObject[] = [];
  readonly #texts: string[] = [];
  #bytes = BRACKETS;

  get size(): number {
    return this.#texts.length;
  }

  takes(bytes: number): boolean {
    return this.size === 0 || (this.size < MAX_ITEMS && this.#bytes + bytes <= MAX_BODY_BYTES);
  }

  add(row: { line: number; record: JsonObject; text: string; bytes: number }): void {
    this.#lines.push(row.line);
    this.#records.push(row.record);
    this.#texts.push(row.text);
    this.#bytes += row.bytes;
  }

  close(): Batch {
    return { lines: this.#lines, records: this.#records, body: `[${this.#texts.join(",")}]` };
  }
}
