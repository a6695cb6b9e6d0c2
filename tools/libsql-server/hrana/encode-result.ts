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

export interface StatementResult {
  readonly colsJson: string;
  readonly rowsJson: string;
  readonly affectedRows: number | bigint;
  readonly lastInsertRowid: number | bigint | undefined;
  readonly durationMs: number;
}

export function encodeStatementResult(result: StatementResult): string {
  const rowid = result.lastInsertRowid === undefined ? "null" : `"${result.lastInsertRowid}"`;
  return (
    `{"cols":${result.colsJson},"rows":[${result.rowsJson}],"affected_row_count":${result.affectedRows},` +
    `"last_insert_rowid":${rowid},"replication_index":null,"query_duration_ms":${result.durationMs.toFixed(3)}}`
  );
}

export function encodeError(error: { message: string; code: string }): string {
  return JSON.stringify({ message: error.message, code: error.code });
}
