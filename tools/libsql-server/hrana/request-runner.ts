import { bindArgs } from "../engine/bind-args.ts";
import type { Connection, PreparedStatement } from "../engine/connection.ts";
import { ResultLimits } from "../engine/result-limits.ts";
import { type RowSink, runStatement, streamStatement } from "../engine/run-statement.ts";
import { isBusy } from "../engine/sqlite-errors.ts";
import type { Stream } from "../engine/stream-store.ts";
import type { WriterQueue } from "../engine/writer-queue.ts";
import { analyzeScript, analyzeStatement, type SqlStatement } from "../sql/analyze-sql.ts";
import { type BatchOutcome, isConditionMet } from "./batch-condition.ts";
import { describeStatement } from "./describe-statement.ts";
import { encodeError } from "./encode-result.ts";
import { HranaError, protocolError } from "./errors.ts";
import type { BatchStep, NativeValue, SqlSource, Stmt, StreamRequest } from "./protocol.ts";

const MAX_STORED_SQLS = 50;
const MAX_STORED_SQL_LENGTH = 5000;

export interface ServerLimits {
  /** The longest text, blob or row. */
  readonly maxValueBytes: number;
  readonly maxResponseBytes: number;
}

/** Takes the results of a batch's steps while they run. */
export interface StepSink {
  rowsOf(step: number): RowSink;
  failed(step: number, error: HranaError): void;
}

interface StatementRequest {
  readonly source: SqlStatement;
  readonly args: readonly NativeValue[];
  readonly wantRows: boolean;
  readonly limits: ResultLimits;
}

/** Runs single Hrana requests on a stream and returns their `response` as JSON. */
export class RequestRunner {
  readonly #writers: WriterQueue;
  readonly #limits: ServerLimits;

  constructor(writers: WriterQueue, limits: ServerLimits) {
    this.#writers = writers;
    this.#limits = limits;
  }

  /** Throws HranaError for an error of this request, HttpError for one that ends the stream. */
  async run(stream: Stream, request: StreamRequest): Promise<string> {
    switch (request.type) {
      case "execute": {
        const source = analyzeStatement(readSql(stream, request.stmt));
        return `{"type":"execute","result":${await this.#execute(stream, { source, stmt: request.stmt })}}`;
      }
      case "batch":
        return `{"type":"batch","result":${await this.#runBatch(stream, request.steps)}}`;
      case "sequence":
        await this.#runSequence(stream, readSql(stream, request.source));
        return '{"type":"sequence"}';
      case "describe": {
        const source = analyzeStatement(readSql(stream, request.source));
        return `{"type":"describe","result":${describeStatement(stream.connection, source)}}`;
      }
      case "store_sql":
        storeSql(stream, request);
        return '{"type":"store_sql"}';
      case "close_sql":
        stream.sqls.delete(request.sqlId);
        return '{"type":"close_sql"}';
      case "get_autocommit":
        return `{"type":"get_autocommit","is_autocommit":${stream.connection.isAutocommit}}`;
      case "close":
        return '{"type":"close"}';
    }
  }

  /** Runs a batch whose results go to the sink as they are read; a response of any size is sent. */
  async runCursor(stream: Stream, steps: readonly BatchStep[], sink: StepSink): Promise<void> {
    const sources = analyzeSteps(stream, steps);
    const limits = new ResultLimits(this.#limits.maxValueBytes, Number.POSITIVE_INFINITY);
    await eachStep(stream, steps, async (index, { stmt }) => {
      try {
        const source = itemAt(sources, index);
        const args = this.#bind(source, stmt);
        await this.#withSlot(stream, source, (connection, prepared) => {
          return streamStatement(connection, prepared, { args, limits, sink: sink.rowsOf(index) });
        });
        return "ok";
      } catch (error) {
        if (!(error instanceof HranaError)) throw error;
        sink.failed(index, error);
        return "error";
      }
    });
  }

  #execute(stream: Stream, { source, stmt }: { source: SqlStatement; stmt: Stmt }): Promise<string> {
    const args = this.#bind(source, stmt);
    return this.#runOne(stream, { source, args, wantRows: stmt.wantRows, limits: this.#newLimits() });
  }

  #bind(source: SqlStatement, stmt: Stmt): readonly NativeValue[] {
    return bindArgs(source, stmt, this.#limits.maxValueBytes);
  }

  #newLimits(): ResultLimits {
    return new ResultLimits(this.#limits.maxValueBytes, this.#limits.maxResponseBytes);
  }

  #runOne(stream: Stream, { source, ...run }: StatementRequest): Promise<string> {
    return this.#withSlot(stream, source, (connection, prepared) => runStatement(connection, prepared, run));
  }

  /** Waits for the writer slot if the statement needs it, and keeps it while a transaction is open. */
  async #withSlot<T>(
    { connection }: Stream,
    source: SqlStatement,
    run: (connection: Connection, prepared: PreparedStatement) => T | Promise<T>,
  ): Promise<T> {
    const prepared = connection.prepare(source);
    connection.checkWritable(source);
    const hadSlot = this.#writers.isHeldBy(connection);
    if (source.isWrite && !hadSlot) {
      const wait = this.#writers.acquire(connection);
      if (wait) await wait;
    }
    connection.refreshSchema();
    let isRefused = false;
    try {
      const result = run(connection, prepared);
      return result instanceof Promise ? await result : result;
    } catch (error) {
      // A deferred transaction with an old snapshot cannot become a writer: it holds no lock, so no slot either.
      isRefused = isBusy(error) && !hadSlot;
      throw error;
    } finally {
      if (connection.isAutocommit || isRefused) this.#writers.release(connection);
    }
  }

  async #runBatch(stream: Stream, steps: readonly BatchStep[]): Promise<string> {
    const sources = analyzeSteps(stream, steps);
    refuseSyntaxErrors(stream, sources);
    const limits = this.#newLimits();
    const results = steps.map(() => "null");
    const errors = steps.map(() => "null");
    await eachStep(stream, steps, async (index, { stmt }) => {
      try {
        const source = itemAt(sources, index);
        const run = { source, args: this.#bind(source, stmt), wantRows: stmt.wantRows, limits };
        results[index] = await this.#runOne(stream, run);
        return "ok";
      } catch (error) {
        if (!(error instanceof HranaError) || error.code === "RESPONSE_TOO_LARGE") throw error;
        errors[index] = encodeError(error);
        return "error";
      }
    });
    return `{"step_results":[${results}],"step_errors":[${errors}],"replication_index":null}`;
  }

  async #runSequence(stream: Stream, sql: string): Promise<void> {
    for (const source of analyzeScript(sql)) {
      const stmt = { sql, sqlId: undefined, args: [], namedArgs: [], wantRows: false };
      await this.#execute(stream, { source, stmt });
    }
  }
}

/** Runs the steps whose condition is met. */
async function eachStep(
  { connection }: Stream,
  steps: readonly BatchStep[],
  run: (index: number, step: BatchStep) => Promise<"ok" | "error">,
): Promise<void> {
  const outcomes: BatchOutcome[] = [];
  for (const [index, step] of steps.entries()) {
    const isMet = !step.condition || isConditionMet(step.condition, { outcomes, connection });
    outcomes.push(isMet ? await run(index, step) : "skipped");
  }
}

const analyzeSteps = (stream: Stream, steps: readonly BatchStep[]) =>
  steps.map(({ stmt }) => analyzeStatement(readSql(stream, stmt)));

function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
}

/** The real server parses all of a batch before it runs any: a syntax error refuses the batch as a whole. */
function refuseSyntaxErrors({ connection }: Stream, sources: readonly SqlStatement[]): void {
  for (const source of sources) {
    if (source.isPragma) continue;
    try {
      connection.prepare(source);
    } catch (error) {
      if (!(error instanceof HranaError)) throw error;
      // Other errors may be gone when the step's turn comes: a step before it may create the table.
      if (error.code === "SQL_PARSE_ERROR") throw error;
    }
  }
}

function readSql(stream: Stream, { sql, sqlId }: SqlSource): string {
  if (sqlId === undefined) {
    if (sql === undefined) throw protocolError("Either `sql` or `sql_id` are required");
    return sql;
  }
  if (sql !== undefined) throw protocolError("Either `sql` or `sql_id` are required, but not both");
  const stored = stream.sqls.get(sqlId);
  if (stored === undefined) throw protocolError(`SQL text ${sqlId} not found`);
  return stored;
}

function storeSql(stream: Stream, { sqlId, sql }: { sqlId: number; sql: string }): void {
  if (stream.sqls.has(sqlId)) throw protocolError(`SQL text ${sqlId} already exists`);
  if (stream.sqls.size >= MAX_STORED_SQLS) {
    const message = `The server already stores ${stream.sqls.size} SQL texts, it cannot store more`;
    throw new HranaError("SQL_STORE_TOO_MANY", message);
  }
  if (sql.length > MAX_STORED_SQL_LENGTH) {
    throw new HranaError(
      "SQL_STORE_TOO_LARGE",
      `The statement is too large to be stored: ${sql.length}/5000`,
    );
  }
  stream.sqls.set(sqlId, sql);
}
