import type { Changes } from "../engine/run-statement.ts";
import type { NativeValue } from "./protocol.ts";

export interface ResultColumn {
  readonly name: string;
  readonly type: string | null;
}

export function encodeColumns(columns: readonly ResultColumn[]): string {
  const items = columns.map(({ name, type }) => JSON.stringify({ name, decltype: type }));
  return `[${items.join(",")}]`;
}

export function encodeRow(row: readonly NativeValue[]): string {
  let json = "[";
  for (let index = 0; index < row.length; index += 1) {
    if (index > 0) json += ",";
    json += encodeValue(row[index] ?? null);
  }
  return `${json}]`;
}

function encodeValue(value: NativeValue): string {
  switch (typeof value) {
    case "string":
      return `{"type":"text","value":${JSON.stringify(value)}}`;
    case "bigint":
      return `{"type":"integer","value":"${value}"}`;
    case "number":
      // serde writes what JSON cannot say as null, and keeps the sign of zero.
      return `{"type":"float","value":${Object.is(value, -0) ? "-0.0" : JSON.stringify(value)}}`;
    default:
      return value === null ? '{"type":"null"}' : `{"type":"blob","base64":"${encodeBase64(value)}"}`;
  }
}

/** Unpadded, as the real server sends it. */
function encodeBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

export interface StatementResult extends Changes {
  readonly colsJson: string;
  readonly rowsJson: string;
  readonly durationMs: number;
}

export function encodeStatementResult(result: StatementResult): string {
  return (
    `{"cols":${result.colsJson},"rows":[${result.rowsJson}],${encodeChanges(result)},` +
    `"replication_index":null,"query_duration_ms":${result.durationMs.toFixed(3)}}`
  );
}

/** The members of a JSON object that tell what a statement changed. */
export function encodeChanges({ affectedRows, lastInsertRowid }: Changes): string {
  const rowid = lastInsertRowid === undefined ? "null" : `"${lastInsertRowid}"`;
  return `"affected_row_count":${affectedRows},"last_insert_rowid":${rowid}`;
}

export function encodeError(error: { message: string; code: string }): string {
  return JSON.stringify({ message: error.message, code: error.code });
}
