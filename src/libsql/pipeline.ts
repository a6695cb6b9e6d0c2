import { AnswerTooLarge } from "../errors/failures.ts";
import { LruMap } from "../lib/lru-map.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { Step, StepOutcome } from "./step.ts";

/*
 * Hrana 3 over HTTP, as far as one request needs it: one batch, then the stream is closed.
 * https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
 */

type HranaValue =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "blob"; readonly base64: string };

interface StatementResult {
  readonly rows: readonly (readonly HranaValue[])[];
  readonly affected_row_count: number;
}

interface HranaError {
  readonly message: string;
  readonly code?: string | null;
}

interface BatchResult {
  readonly step_results: readonly (StatementResult | null)[];
  readonly step_errors: readonly (HranaError | null)[];
}

/** The body of `POST /v3/pipeline` that runs the steps in order on one stream. */
export function encodePipeline(steps: readonly Step[]): string {
  const encoded = steps.map((step) => {
    return `{${conditionOf(step)}"stmt":{"sql":${quote(step.sql)},"args":${JSON.stringify(step.args.map(encodeValue))}}}`;
  });
  return `{"baton":null,"requests":[{"type":"batch","batch":{"steps":[${encoded.join()}]}},{"type":"close"}]}`;
}

function conditionOf({ after, isInTransaction = false }: Step): string {
  if (after === undefined) return "";
  const isDone = `{"type":"ok","step":${after}}`;
  if (!isInTransaction) return `"condition":${isDone},`;
  return `"condition":{"type":"and","conds":[${isDone},{"type":"not","cond":{"type":"is_autocommit"}}]},`;
}

/** Statements are sent again and again; writing a long one as JSON takes longer than finding it here. */
const QUOTED_PER_ISOLATE = 1_000;
const LONGEST_KEPT = 2_000;
const quoted = new LruMap<string, string>(QUOTED_PER_ISOLATE);

function quote(sql: string): string {
  const known = quoted.get(sql);
  if (known !== undefined) return known;
  const text = JSON.stringify(sql);
  if (text.length <= LONGEST_KEPT) quoted.set(sql, text);
  return text;
}

/** One outcome a step. Throws when the text is not the answer to a batch: a proxy's page, a cut body. */
export function decodePipeline(text: string, stepCount: number): readonly StepOutcome[] {
  const [first] = parse(text).results;
  if (first?.error?.code === "RESPONSE_TOO_LARGE") throw new AnswerTooLarge();
  if (first?.type !== "ok" || !first.response)
    throw new Error(`libSQL refused the batch: ${first?.error?.message}`);
  const { step_results, step_errors } = first.response.result;
  if (step_results.length !== stepCount) throw new Error("libSQL answered another number of steps");
  return step_results.map((result, i) => outcomeOf(result, step_errors[i]));
}

interface Answer {
  readonly results: readonly { type: string; response?: { result: BatchResult }; error?: HranaError }[];
}

/** What is wrong with a text is told without any of it: it may hold records, and errors go to the log. */
function parse(text: string): Answer {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`libSQL answered ${text.length} characters that are not JSON`);
  }
}

function outcomeOf(result: StatementResult | null, error: HranaError | null | undefined): StepOutcome {
  if (result)
    return { status: "DONE", rows: result.rows.map(decodeRow), affected: result.affected_row_count };
  if (error) return { status: "FAILED", code: error.code ?? "SQLITE_ERROR", message: error.message };
  return { status: "SKIPPED" };
}

function encodeValue(value: SqlValue): HranaValue {
  if (value === null) return { type: "null" };
  if (typeof value === "string") return { type: "text", value };
  if (typeof value === "bigint" || Number.isSafeInteger(value))
    return { type: "integer", value: String(value) };
  return { type: "float", value };
}

const decodeRow = (row: readonly HranaValue[]) => row.map(decodeValue);

function decodeValue(value: HranaValue): SqlValue {
  switch (value.type) {
    case "null":
      return null;
    case "integer": {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : BigInt(value.value);
    }
    case "blob":
      throw new Error("a blob where none is stored");
    default:
      return value.value;
  }
}
