import type { HranaError } from "../hrana/errors.ts";
import { responseTooLarge } from "../hrana/errors.ts";
import type { NativeValue } from "../hrana/protocol.ts";
import { tooBig } from "./sqlite-errors.ts";

/** Checks the rows of one response against the limits of sqld, with sizes counted as sqld counts them. */
export class ResultLimits {
  readonly #maxValueBytes: number;
  #bytesLeft: number;

  /** `maxResponseBytes` is Infinity for a cursor. */
  constructor(maxValueBytes: number, maxResponseBytes: number) {
    this.#maxValueBytes = maxValueBytes;
    this.#bytesLeft = maxResponseBytes;
  }

  /** The error that the row ends its statement with, if any. */
  check(row: readonly NativeValue[]): HranaError | undefined {
    for (const value of row) {
      const bytes = bytesOf(value);
      if (bytes > this.#maxValueBytes) return tooBig();
      this.#bytesLeft -= bytes + (JSON_BYTES[typeof value] ?? 0);
    }
    return this.#bytesLeft < 0 ? responseTooLarge() : undefined;
  }
}

/** The characters that JSON adds to a value of this type; none for a blob or null. */
const JSON_BYTES: Readonly<Record<string, number>> = {
  string: '{"type":"text","value":""}'.length,
  bigint: '{"type":"integer","value":""}'.length,
  number: '{"type":"float","value":}'.length,
};
const NULL_BYTES = '{"type":"null"}'.length;

export function bytesOf(value: NativeValue): number {
  if (value === null) return NULL_BYTES;
  if (typeof value === "string") return Buffer.byteLength(value);
  return typeof value === "object" ? value.length : String(value).length;
}
