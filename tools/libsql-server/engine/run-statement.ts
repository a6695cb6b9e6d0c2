import { encodeRow, encodeStatementResult } from "../hrana/encode-result.ts";
import type { HranaError } from "../hrana/errors.ts";
import type { NativeValue } from "../hrana/protocol.ts";
import type { Connection, PreparedStatement } from "./connection.ts";
import { RowReader } from "./native.ts";
import type { ResultLimits } from "./result-limits.ts";
import { isBusy, toHranaError } from "./sqlite-errors.ts";

/** Characters of JSON that are read ahead. */
const MAX_READ_TOGETHER = 10_000_000;

export interface StatementRun {
  readonly args: readonly NativeValue[];
  readonly wantRows: boolean;
  readonly limits: ResultLimits;
}

/** The changes of a statement, as far as they mean something for it. */
export interface Changes {
  readonly affectedRows: number | bigint;
  readonly lastInsertRowid: number | bigint | undefined;
}

/** Takes the rows of a statement one by one. Its promise is awaited. */
export interface RowSink {
  begin(colsJson: string): void;
  row(rowJson: string): Promise<void> | undefined;
  end(changes: Changes): void;
}

/** Runs a prepared statement to its end and returns its Hrana StmtResult as JSON; throws HranaError. */
export function runStatement(connection: Connection, prepared: PreparedStatement, run: StatementRun): string {
  const startedAt = performance.now();
  try {
    const rowsJson = prepared.isReader ? readRows(connection, prepared, run) : "";
    const colsJson = prepared.isReader ? prepared.colsJson : "[]";
    connection.haltExplain(prepared, run.args);
    const changes = finish(connection, prepared, run);
    return encodeStatementResult({
      colsJson,
      rowsJson,
      ...changes,
      durationMs: performance.now() - startedAt,
    });
  } catch (error) {
    throw failureOf(error, connection, { prepared, run });
  } finally {
    connection.noteExecuted(prepared.source);
  }
}

/** The same as {@link runStatement}, but passes each row to the sink as soon as it is read. */
export async function streamStatement(
  connection: Connection,
  prepared: PreparedStatement,
  { sink, ...run }: Omit<StatementRun, "wantRows"> & { readonly sink: RowSink },
): Promise<void> {
  try {
    if (prepared.isReader) {
      await streamRows(connection, prepared, { ...run, sink });
      connection.haltExplain(prepared, run.args);
    } else sink.begin("[]");
    sink.end(finish(connection, prepared, run));
  } catch (error) {
    throw failureOf(error, connection, { prepared, run });
  } finally {
    connection.noteExecuted(prepared.source);
  }
}

type Args = Pick<StatementRun, "args">;

/** A statement with rows has run once they are read. Any other runs here. */
function finish(connection: Connection, prepared: PreparedStatement, { args }: Args): Changes {
  const { source } = prepared;
  if (prepared.isReader) {
    const [changes, rowid] = source.isRowChange ? connection.readLastChange() : [0, undefined];
    return { affectedRows: changes, lastInsertRowid: source.isInsert ? rowid : undefined };
  }
  const info = prepared.native.run(args);
  // The driver returns the rowid as a double, which is exact only up to 2^53.
  const rowid = Number.isSafeInteger(info.lastInsertRowid)
    ? info.lastInsertRowid
    : connection.readLastChange()[1];
  return {
    affectedRows: source.isRowChange ? info.changes : 0,
    lastInsertRowid: source.isInsert ? rowid : undefined,
  };
}

function failureOf(
  error: unknown,
  connection: Connection,
  { prepared, run }: { readonly prepared: PreparedStatement; readonly run: Args },
): unknown {
  const failure = toHranaError(error, prepared.source.sql);
  if (isBusy(failure)) connection.haltBusy(prepared, run.args);
  return failure;
}

function readRows(connection: Connection, prepared: PreparedStatement, run: StatementRun): string {
  const rows = new RowReader(prepared.native.iterate(run.args), MAX_READ_TOGETHER);
  let row = rows.next();
  connection.refreshColumns(prepared, row?.length);
  let rowsJson = "";
  let failure: HranaError | undefined;
  for (; row; row = rows.next()) {
    if (failure) continue;
    failure = run.limits.check(row);
    if (!failure && run.wantRows) {
      const rowJson = encodeRow(row);
      rows.note(rowJson.length);
      rowsJson += rowsJson === "" ? rowJson : `,${rowJson}`;
    }
    // Interrupting a write would roll the whole transaction back; its rows are at hand anyway.
    if (!failure || prepared.source.isWrite) continue;
    connection.abandon(rows);
    break;
  }
  if (failure) throw failure;
  return rowsJson;
}

async function streamRows(
  connection: Connection,
  prepared: PreparedStatement,
  { args, limits, sink }: Omit<StatementRun, "wantRows"> & { readonly sink: RowSink },
): Promise<void> {
  const rows = new RowReader(prepared.native.iterate(args), MAX_READ_TOGETHER);
  let row = rows.next();
  connection.refreshColumns(prepared, row?.length);
  sink.begin(prepared.colsJson);
  for (; row; row = rows.next()) {
    try {
      const failure = limits.check(row);
      if (failure) throw failure;
      const rowJson = encodeRow(row);
      rows.note(rowJson.length);
      const wait = sink.row(rowJson);
      if (wait) await wait;
    } catch (error) {
      // An unfinished write would make the COMMIT of its transaction fail.
      if (prepared.source.isWrite) while (rows.next());
      else connection.abandon(rows);
      throw error;
    }
  }
}
