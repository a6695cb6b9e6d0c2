import { type DataCheck, type QueryCheck, type ScanCheck, SHOWN_IDS } from "../../ddl/data-checks.ts";
import { quoteName } from "../../model/names.ts";
import type { Rows, SqlValue, Statement } from "../../model/sql-value.ts";

/** Existing records that conflict with a change. */
export interface DataProblem {
  readonly check: DataCheck;
  /** `3 existing records have no value (ids: 4, 8, 15)`. */
  readonly message: string;
}

/** Runs the checks in one round trip. */
export type Ask = (statements: readonly Statement[]) => Promise<readonly Rows[]>;

/** Returns all problems, in the order of the checks. A scan costs a round trip for a few thousand records. */
export async function findDataProblems(
  checks: readonly DataCheck[],
  { ask, now }: { ask: Ask; now: Date },
): Promise<readonly DataProblem[]> {
  const queries = checks.filter((check) => check.kind === "QUERY");
  const scans = checks.filter((check) => check.kind === "SCAN");
  const found = new Map<DataCheck, string>([
    ...(await runQueries(queries, ask)),
    ...(await runScans(scans, ask, now)),
  ]);
  return checks.flatMap((check) => {
    const message = found.get(check);
    return message === undefined ? [] : [{ check, message }];
  });
}

type Found = readonly (readonly [DataCheck, string])[];

async function runQueries(queries: readonly QueryCheck[], ask: Ask): Promise<Found> {
  if (queries.length === 0) return [];
  const results = await ask(queries.map(({ query }) => query));
  return queries.flatMap((check, i) => {
    const [[count, ids] = []] = results[i] ?? [];
    return Number(count) === 0 ? [] : [problemIn(check, Number(count), JSON.parse(String(ids)))];
  });
}

function problemIn(check: DataCheck, count: number, ids: readonly unknown[]): readonly [DataCheck, string] {
  const label = count > ids.length ? "first ids" : "ids";
  return [check, `${count} existing records ${check.words} (${label}: ${ids.join(", ")})`];
}

/** Scans over the same rows run together, with as many rows at once as all of them allow. */
async function runScans(scans: readonly ScanCheck[], ask: Ask, now: Date): Promise<Found> {
  const found: (readonly [DataCheck, string])[] = [];
  for (const group of Map.groupBy(scans, ({ rows }) => rows).values()) {
    const most = Math.min(...group.map(({ pageSize }) => pageSize));
    for (let start = 0; start < group.length; start += most)
      found.push(...(await scan(group.slice(start, start + most), ask, now.toISOString())));
  }
  return found;
}

async function scan(group: readonly ScanCheck[], ask: Ask, now: string): Promise<Found> {
  const tallies = group.map((check) => ({ check, count: 0, ids: [] as SqlValue[] }));
  const size = Math.ceil(Math.min(...group.map(({ pageSize }) => pageSize)) / group.length);
  let after: SqlValue | undefined;
  for (;;) {
    const [rows = []] = await ask([scanPage(group, size, after)]);
    for (const [id = null, ...values] of rows) {
      tallies.forEach((tally, i) => {
        const value = values[i] ?? null;
        if (value === null || !tally.check.isBroken(value, now)) return;
        tally.count++;
        if (tally.ids.length < SHOWN_IDS) tally.ids.push(id);
      });
    }
    if (rows.length < size) break;
    after = rows.at(-1)?.[0];
  }
  return tallies
    .filter(({ count }) => count > 0)
    .map(({ check, count, ids }) => problemIn(check, count, ids));
}

function scanPage(group: readonly ScanCheck[], size: number, after: SqlValue | undefined): Statement {
  const columns = ['"id"', ...group.map(({ columnName }) => quoteName(columnName))].join(", ");
  const condition = after === undefined ? "" : ` WHERE "id" > ?`;
  return {
    sql: `SELECT ${columns} FROM ${group[0]?.rows}${condition} ORDER BY "id" LIMIT ${size}`,
    args: after === undefined ? [] : [after],
  };
}
