import { bindArgs } from "../engine/bind-args.ts";
import { runStatement } from "../engine/run-statement.ts";
import { isBusy } from "../engine/sqlite-errors.ts";
import type { Stream } from "../engine/stream-store.ts";
import type { WriterQueue } from "../engine/writer-queue.ts";
import { analyzeScript, analyzeStatement, type SqlStatement } from "../sql/analyze-sql.ts";
import { type BatchOutcome, isConditionMet } from "./batch-condition.ts";
import { describeStatement } from "./describe-statement.ts";
import { encodeError } from "./encode-result.ts";
import { HranaError, ProtocolError } from "./errors.ts";
import type { BatchStep, NativeValue, SqlSource, StreamRequest } from "./protocol.ts";

const MAX_STORED_SQLS = 50;
const MAX_STORED_SQL_LENGTH = 5000;

interface StatementRequest {
  readonly source: SqlStatement;
  readonly args: readonly NativeValue[];
  readonly wantRows: boolean;
  readonly maxLength: number;
}

/** Runs single Hrana requests on a stream and returns their `response` as JSON. */
export class RequestRunner {
  readonly #writers: WriterQueue;
  readonly #maxResponseLength: number;

  constructor(writers: WriterQueue, maxResponseLength: number) {
    this.#writers = writers;
    this.#maxResponseLength = maxResponseLength;
  }

  /** Throws HranaError for an error of this request, ProtocolError for one that ends the stream. */
  async run(stream: Stream, request: StreamRequest): Promise<string> {
    switch (request.type) {
      case "execute": {
        const source = analyzeStatement(readSql(stream, request.stmt));
        const args = bindArgs(source, request.stmt);
        const run = { source, args, wantRows: request.stmt.wantRows, maxLength: this.#maxResponseLength };
        return `{"type":"execute","result":${await this.#runOne(stream, run)}}`;
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

  /** Waits for the writer slot if the statement needs it, and keeps it while a transaction is open. */
  async #runOne({ connection }: Stream, { source, ...run }: StatementRequest): Promise<string> {
    const prepared = connection.prepare(source);
    connection.checkWritable(source);
    const hadSlot = this.#writers.isHeldBy(connection);
    if (source.isWrite && !hadSlot) {
      const wait = this.#writers.acquire(connection);
      if (wait) await wait;
    }
    let isRefused = false;
    try {
      return runStatement(connection, prepared, run);
    } catch (error) {
      // A deferred transaction with an old snapshot cannot become a writer: it holds no lock, so no slot either.
      isRefused = isBusy(error) && !hadSlot;
      throw error;
    } finally {
      if (connection.isAutocommit || isRefused) this.#writers.release(connection);
    }
  }

  async #runBatch(stream: Stream, steps: readonly BatchStep[]): Promise<string> {
    const sources = steps.map(({ stmt }) => analyzeStatement(readSql(stream, stmt)));
    refuseSyntaxErrors(stream, sources);
    const outcomes: BatchOutcome[] = [];
    let results = "";
    let errors = "";
    for (const [index, step] of steps.entries()) {
      const source = sources[index];
      if (!source) continue;
      const separator = index === 0 ? "" : ",";
      let result = "null";
      let error = "null";
      let outcome: BatchOutcome = "skipped";
      if (!step.condition || isConditionMet(step.condition, { outcomes, connection: stream.connection })) {
        const ran = await this.#runStep(stream, {
          source,
          step,
          maxLength: this.#maxResponseLength - results.length,
        });
        outcome = ran.outcome;
        if (ran.outcome === "ok") result = ran.json;
        else error = ran.json;
      }
      outcomes.push(outcome);
      results += separator + result;
      errors += separator + error;
    }
    return `{"step_results":[${results}],"step_errors":[${errors}],"replication_index":null}`;
  }

  async #runStep(
    stream: Stream,
    { source, step, maxLength }: { source: SqlStatement; step: BatchStep; maxLength: number },
  ): Promise<{ outcome: "ok" | "error"; json: string }> {
    try {
      const args = bindArgs(source, step.stmt);
      const run = { source, args, wantRows: step.stmt.wantRows, maxLength };
      return { outcome: "ok", json: await this.#runOne(stream, run) };
    } catch (error) {
      if (!(error instanceof HranaError) || error.code === "RESPONSE_TOO_LARGE") throw error;
      return { outcome: "error", json: encodeError(error) };
    }
  }

  async #runSequence(stream: Stream, sql: string): Promise<void> {
    for (const source of analyzeScript(sql)) {
      const args = bindArgs(source, { sql, sqlId: undefined, args: [], namedArgs: [], wantRows: false });
      await this.#runOne(stream, { source, args, wantRows: false, maxLength: this.#maxResponseLength });
    }
  }
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
  if (sql !== undefined && sqlId === undefined) return sql;
  if (sql !== undefined)
    throw new ProtocolError(400, "MALFORMED_REQUEST", "Both `sql` and `sql_id` were given");
  if (sqlId === undefined)
    throw new ProtocolError(400, "MALFORMED_REQUEST", "Neither `sql` nor `sql_id` was given");
  const stored = stream.sqls.get(sqlId);
  if (stored === undefined) throw new ProtocolError(400, "SQL_NOT_FOUND", `SQL text ${sqlId} was not found`);
  return stored;
}

function storeSql(stream: Stream, { sqlId, sql }: { sqlId: number; sql: string }): void {
  if (stream.sqls.has(sqlId)) throw new ProtocolError(400, "SQL_EXISTS", `SQL text ${sqlId} already exists`);
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
