/** A server as a client knows it. */
export interface Target {
  readonly url: string;
  readonly authToken?: string | undefined;
}

export interface HranaValue {
  readonly type: string;
  readonly value?: unknown;
  readonly base64?: string;
}

export interface StmtResult {
  readonly cols: { name: string; decltype: string | null }[];
  readonly rows: HranaValue[][];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

export interface HranaFailure {
  readonly message: string;
  readonly code: string;
}

export interface PipelineAnswer {
  readonly baton: string | null;
  readonly results: { type: "ok" | "error"; response?: Record<string, unknown>; error?: HranaFailure }[];
}

export interface BatchResult {
  readonly step_results: (StmtResult | null)[];
  readonly step_errors: (HranaFailure | null)[];
}

export const JSON_TYPE = { "content-type": "application/json" };

export const CLOSE = { type: "close" };

export function execute(sql: string, args: HranaValue[] = []) {
  return { type: "execute", stmt: { sql, args } };
}

export function batch(...steps: (string | { sql: string; condition: unknown })[]) {
  return {
    type: "batch",
    batch: {
      steps: steps.map((step) =>
        typeof step === "string"
          ? { stmt: { sql: step } }
          : { stmt: { sql: step.sql }, condition: step.condition },
      ),
    },
  };
}

export function postRaw(
  server: Target,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { url, authToken } = server;
  const authorization: Record<string, string> = authToken ? { authorization: `Bearer ${authToken}` } : {};
  return fetch(`${url}/v2/pipeline`, {
    method: "POST",
    body,
    headers: { ...JSON_TYPE, ...authorization, ...headers },
  });
}

export function post(server: Target, body: unknown): Promise<Response> {
  return postRaw(server, JSON.stringify(body));
}

/** Sends one pipeline and throws with the body unless it is answered with 200. */
export async function pipeline(
  server: Target,
  requests: unknown[],
  baton: string | null = null,
): Promise<PipelineAnswer> {
  const response = await post(server, { baton, requests });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as PipelineAnswer;
}

/** Runs one statement on a stream of its own; throws `CODE: message` for an error. */
export async function query(server: Target, sql: string, args: HranaValue[] = []): Promise<StmtResult> {
  const answer = await pipeline(server, [execute(sql, args), CLOSE]);
  return readResult<StmtResult>(answer, 0);
}

export async function runBatch(server: Target, ...steps: Parameters<typeof batch>): Promise<BatchResult> {
  return readResult<BatchResult>(await pipeline(server, [batch(...steps), CLOSE]), 0);
}

export function readResult<T>(answer: PipelineAnswer, index: number): T {
  const result = answer.results[index];
  if (result?.type !== "ok") throw new Error(`${result?.error?.code}: ${result?.error?.message}`);
  return result.response?.result as T;
}

export function readFailure(answer: PipelineAnswer, index: number): HranaFailure {
  const result = answer.results[index];
  if (!result?.error) throw new Error(`not an error: ${JSON.stringify(answer)}`);
  return result.error;
}

export function requireBaton(answer: PipelineAnswer): string {
  if (answer.baton === null) throw new Error(`no baton: ${JSON.stringify(answer)}`);
  return answer.baton;
}

/** The rows as plain values: integers as bigint, blobs as hexadecimal. */
export function plainRows(result: StmtResult | null | undefined): unknown[][] {
  if (!result) throw new Error("there is no result");
  return result.rows.map((row) =>
    row.map(({ type, value, base64 }) => {
      if (type === "integer") return BigInt(value as string);
      if (type === "blob") return Buffer.from(base64 ?? "", "base64").toString("hex");
      return type === "null" ? null : value;
    }),
  );
}
