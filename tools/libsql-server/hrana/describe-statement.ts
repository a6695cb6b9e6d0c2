import type { Connection } from "../engine/connection.ts";
import type { SqlStatement } from "../sql/analyze-sql.ts";

/** A Hrana DescribeResult as JSON; throws HranaError. A PRAGMA is not prepared: that alone would run it. */
export function describeStatement(connection: Connection, source: SqlStatement): string {
  const columns = source.isPragma ? [] : readColumns(connection, source);
  return JSON.stringify({
    params: source.params.map((name) => ({ name })),
    cols: columns.map(({ name, type }) => ({ name, decltype: type })),
    is_explain: source.isExplain,
    is_readonly: !source.isWrite,
  });
}

function readColumns(connection: Connection, source: SqlStatement): { name: string; type: string | null }[] {
  const { isReader, native } = connection.prepareFresh(source);
  return isReader ? native.columns() : [];
}
