import type { StreamStore } from "../engine/stream-store.ts";
import { encodeChanges, encodeError } from "./encode-result.ts";
import { HranaError } from "./errors.ts";
import type { Cursor } from "./protocol.ts";
import type { RequestRunner, StepSink } from "./request-runner.ts";

/** The body of a response that is sent in pieces. */
export interface Output {
  /** Returns a promise while the client is slower than the database; rejects when the client has gone. */
  write(text: string): Promise<void> | undefined;
}

/**
 * Runs a batch and writes its results as lines of JSON while they are read. `open` begins the response: what is wrong
 * before that is thrown as an HttpError, what is wrong later is a line.
 */
export async function runCursor(
  cursor: Cursor,
  open: () => Output,
  parts: { streams: StreamStore; runner: RequestRunner },
): Promise<void> {
  const { streams, runner } = parts;
  const stream = await streams.take(cursor.baton);
  let isParked = false;
  try {
    const lines = new LineBuffer(open());
    lines.add(`{"baton":"${streams.batonOf(stream)}","base_url":null}`);
    try {
      await runner.runCursor(stream, cursor.steps, stepSink(lines));
    } catch (error) {
      if (!(error instanceof HranaError)) throw error;
      lines.add(`{"type":"error","error":${encodeError(error)}}`);
    }
    // The client may use the baton as soon as it has read the last line.
    streams.park(stream);
    isParked = true;
    await lines.flush();
  } finally {
    if (!isParked) streams.close(stream);
  }
}

function stepSink(lines: LineBuffer): StepSink {
  return {
    rowsOf: (step) => ({
      begin: (colsJson) => lines.add(`{"type":"step_begin","step":${step},"cols":${colsJson}}`),
      row: (rowJson) => {
        lines.add(`{"type":"row","row":${rowJson}}`);
        return lines.isFull ? lines.flush() : undefined;
      },
      end: (changes) => lines.add(`{"type":"step_end",${encodeChanges(changes)}}`),
    }),
    failed: (step, error) => lines.add(`{"type":"step_error","step":${step},"error":${encodeError(error)}}`),
  };
}

const MAX_BUFFERED = 64 * 1024;

/** Lines that are sent together. */
class LineBuffer {
  readonly #output: Output;
  #text = "";

  constructor(output: Output) {
    this.#output = output;
  }

  get isFull(): boolean {
    return this.#text.length > MAX_BUFFERED;
  }

  add(line: string): void {
    this.#text += `${line}\n`;
  }

  flush(): Promise<void> | undefined {
    const text = this.#text;
    this.#text = "";
    return this.#output.write(text);
  }
}
