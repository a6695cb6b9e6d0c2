import { scanTokens } from "./scan-tokens.ts";

/**
 * The SQL with `"name"` as a string, or undefined if it holds no such token. A real server reads a quoted name that is no
 * column as a string; the driver's engine is built without that (SQLITE_DQS=0).
 */
export function withStringFor(name: string, sql: string): string | undefined {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const token = scanTokens(sql).find(({ type, text }) => type === "quoted" && text === quoted);
  if (!token) return undefined;
  return `${sql.slice(0, token.start)}'${name.replaceAll("'", "''")}'${sql.slice(token.end)}`;
}
