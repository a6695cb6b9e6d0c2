import { encodeRow, encodeStatementResult } from "../hrana/encode-result.ts";
import { responseTooLarge } from "../hrana/errors.ts";
import type { NativeValue } from "../hrana/protocol.ts";
import type { Connection, PreparedStatement } from "./connection.ts";
import { RowReader } from "./native.ts";
import { isBusy, toHranaError } from "./sqlite-errors.ts";

export interface StatementRun {
  readonly args: readonly NativeValue[];
  readonly wantRows: boolean;
  /** Characters of JSON that the rows may take. */
  readonly maxLength: number;
}

/** Runs a prepared statement to its end and returns its Hrana StmtResult as JSON; throws HranaError. */
export function runStatement(connection: Connection, prepared: PreparedStatement, run: StatementRun): string {
  const startedAt = performance.now();
  const { source } = prepared;
  try {
    if (!prepared.isReader) return runWithoutRows(connection, prepared, { ...run, startedAt });
    const rowsJson = readRows(connection, prepared, run);
    const [changes, rowid] = source.isRowChange ? connection.readLastChange() : [0, undefined];
    return encodeStatementResult({
      colsJson: prepared.colsJson,
      rowsJson,
      affectedRows: changes,
      lastInsertRowid: source.isInsert ? rowid : undefined,
      durationMs: performance.now() - startedAt,
    });
  } catch (error) {
    const hranaError = toHranaError(error, source.sql);
    if (isBusy(hranaError)) connection.haltBusy(prepared, run.args);
    throw hranaError;
  } finally {
    connection.noteExecuted(source);
  }
}

function runWithoutRows(
  connection: Connection,
  prepared: PreparedStatement,
  run: StatementRun & { readonly startedAt: number },
): string {
  const { source } = prepared;
  const info = prepared.native.run(run.args);
  // The driver gives the rowid as a double, which is exact only up to 2^53.
  const rowid = Number.isSafeInteger(info.lastInsertRowid)
    ? info.lastInsertRowid
    : connection.readLastChange()[1];
  return encodeStatementResult({
    colsJson: "[]",
    rowsJson: "",
    affectedRows: source.isRowChange ? info.changes : 0,
    lastInsertRowid: source.isInsert ? rowid : undefined,
    durationMs: performance.now() - run.startedAt,
  });
}

function readRows(connection: Connection, prepared: PreparedStatement, run: StatementRun): string {
  const rows = new RowReader(prepared.native.iterate(run.args), run.maxLength);
  let row = rows.next();
  connection.refreshColumns(prepared, row?.length);
  let rowsJson = "";
  let isTooLarge = false;
  for (; row; row = rows.next()) {
    if (!run.wantRows || isTooLarge) continue;
    const rowJson = encodeRow(row);
    rows.note(rowJson.length);
    rowsJson += rowsJson === "" ? rowJson : `,${rowJson}`;
    if (rowsJson.length <= run.maxLength) continue;
    isTooLarge = true;
    // Interrupting a write would roll the whole transaction back; its rows are at hand anyway.
    if (!prepared.source.isWrite) connection.abandon(rows);
    if (!prepared.source.isWrite) break;
  }
  if (isTooLarge) throw responseTooLarge();
  return rowsJson;
}
