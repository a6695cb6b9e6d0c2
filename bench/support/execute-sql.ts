/**
 * Sends one statement straight to the database, where requests would measure something else. Throws the database's
 * error.
 */
export async function executeSql(
  { url, authToken }: { readonly url: string; readonly authToken: string },
  sql: string,
): Promise<void> {
  const response = await fetch(`${url}/v2/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${authToken}`, "content-type": "application/json" },
    body: JSON.stringify({ requests: [{ type: "execute", stmt: { sql } }, { type: "close" }] }),
  });
  const { results } = (await response.json()) as {
    results: { type: string; error?: { message: string } }[];
  };
  if (results[0]?.type !== "ok") throw new Error(results[0]?.error?.message);
}

/** A table with one column `i` and the numbers from first to last, as the start of a statement. */
export const withNumbers = (first: number, last: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
