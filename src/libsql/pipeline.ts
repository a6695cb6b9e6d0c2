import { ResponseTooLarge } from "../errors/api-errors.ts";
import { LruMap } from "../lib/lru-map.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { isUnavailable } from "./database.ts";
import type { Step, StepOutcome } from "./step.ts";

/*
 * Hrana 3 over HTTP, as far as needed: one batch, after which the stream is kept or closed.
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

export interface Pipeline {
  readonly steps: readonly Step[];
  /** The open stream to use; undefined for a new one. */
  readonly baton: string | undefined;
  /** Whether the stream stays open. */
  readonly isKept: boolean;
}

const ROLLBACK =
  '{"condition":{"type":"not","cond":{"type":"is_autocommit"}},"stmt":{"sql":"ROLLBACK","args":[]}}';

/** A single statement never leaves a transaction open. The server rolls back a closed stream. */
const needsRollback = ({ steps, isKept }: Pipeline): boolean => isKept && steps.length > 1;

/** The body of `POST /v3/pipeline` that runs the steps in order on one stream. */
export function encodePipeline(pipeline: Pipeline): string {
  const { steps, baton, isKept } = pipeline;
  const encoded = steps.map((step) => {
    return `{${conditionOf(step)}"stmt":{"sql":${quote(step.sql)},"args":${JSON.stringify(step.args.map(encodeValue))}}}`;
  });
  if (needsRollback(pipeline)) encoded.push(ROLLBACK);
  const close = isKept ? "" : `,${CLOSE}`;
  return `{"baton":${JSON.stringify(baton ?? null)},"requests":[{"type":"batch","batch":{"steps":[${encoded.join()}]}}${close}]}`;
}

const CLOSE = '{"type":"close"}';

export const encodeClose = (baton: string): string =>
  `{"baton":${JSON.stringify(baton)},"requests":[${CLOSE}]}`;

function conditionOf({ after, isInTransaction = false }: Step): string {
  if (after === undefined) return "";
  const isDone = `{"type":"ok","step":${after}}`;
  if (!isInTransaction) return `"condition":${isDone},`;
  return `"condition":{"type":"and","conds":[${isDone},{"type":"not","cond":{"type":"is_autocommit"}}]},`;
}

/** The same statements are sent again and again, and looking up a long one is faster than encoding it as JSON. */
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

interface PipelineResponse {
  readonly baton?: string | null;
  readonly base_url?: string | null;
  readonly results: readonly { type: string; response?: { result: BatchResult }; error?: HranaError }[];
}

/**
 * Throws if the text is not a whole JSON value. The message has none of it: it may contain records, and errors are
 * logged.
 */
export function parseResponse(text: string): PipelineResponse {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`libSQL returned ${text.length} characters that are not JSON`);
  }
}

interface Outcomes {
  /** One outcome per step. */
  readonly outcomes: readonly StepOutcome[];
  /** Whether the stream can be used again: no transaction is open, and no step met a busy server. */
  readonly isReusable: boolean;
  /** Whether a step met a busy server. */
  readonly isRefused: boolean;
}

/** Throws if the response is not that of a pipeline, such as a proxy's page. Throws ResponseTooLarge. */
export function decodeResponse({ results }: PipelineResponse, pipeline: Pipeline): Outcomes {
  const [first] = results;
  if (first?.error?.code === "RESPONSE_TOO_LARGE") throw new ResponseTooLarge();
  if (first?.type !== "ok" || !first.response)
    throw new Error(`libSQL refused the batch: ${first?.error?.message}`);
  const { step_results, step_errors } = first.response.result;
  const rollbacks = needsRollback(pipeline) ? 1 : 0;
  const stepCount = pipeline.steps.length;
  if (step_results.length !== stepCount + rollbacks)
    throw new Error("libSQL returned the wrong number of steps");
  const outcomes = step_results.slice(0, stepCount).map((result, i) => outcomeOf(result, step_errors[i]));
  const isRefused = step_errors.some((error) => error && isUnavailable(codeOf(error)));
  return { outcomes, isReusable: !isRefused && !step_errors[stepCount], isRefused };
}

const codeOf = ({ code }: HranaError): string => code ?? "SQLITE_ERROR";

function outcomeOf(result: StatementResult | null, error: HranaError | null | undefined): StepOutcome {
  if (result)
    return { status: "DONE", rows: result.rows.map(decodeRow), affected: result.affected_row_count };
  if (error) return { status: "FAILED", code: codeOf(error), message: error.message };
  return { status: "SKIPPED" };
}

/** Enough digits to identify each double, however SQLite reads them. */
const DOUBLE_DIGITS = 17;

/**
 * A double is sent as text, because `sqld` reads some JSON numbers as a neighbouring double. SQLite converts it to REAL
 * where it is stored in a REAL column or compared with one, so it may be bound nowhere else.
 */
function encodeValue(value: SqlValue): HranaValue {
  if (value === null) return { type: "null" };
  if (typeof value === "string") return { type: "text", value };
  if (typeof value === "bigint" || Number.isSafeInteger(value))
    return { type: "integer", value: String(value) };
  return { type: "text", value: value.toExponential(DOUBLE_DIGITS - 1) };
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
