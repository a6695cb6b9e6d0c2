import { executeSql, withNumbers } from "./execute-sql.ts";

const CHUNK = 100_000;

/** An entity to fill with many records: ten of each code, one of each moment. */
export const EVENT_COLUMNS = [
  { name: "code", type: "VARCHAR", nullable: false, indexed: true },
  { name: "happenedAt", type: "DATETIME", nullable: false, indexed: true },
  { name: "amount", type: "DECIMAL", precision: 12, scale: 2 },
] as const;

/** Writes straight to the table, because a million requests would measure something else. Triggers keep the counts. */
export async function fillEvents(
  database: { readonly url: string; readonly authToken: string },
  table: string,
  records: number,
): Promise<void> {
  for (let first = 1; first <= records; first += CHUNK) {
    const last = Math.min(records, first + CHUNK - 1);
    await executeSql(
      database,
      `INSERT INTO "${table}" (code, happened_at, amount) ${withNumbers(first, last)}
        SELECT 'code ' || (i / 10), strftime('%Y-%m-%dT%H:%M:%f', '2020-01-01', (i * 37 % 100000000) || ' seconds') || 'Z', i
        FROM n`,
    );
    console.log(`${table}: ${last} records`);
  }
}
