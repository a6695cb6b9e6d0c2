import type { Rows, Statement } from "../model/sql-value.ts";
import type { CompiledPage } from "../query/sql/compiled.ts";
import { type Belief, factsStatement } from "./facts.ts";

type Page = Pick<CompiledPage<unknown>, "page" | "value" | "isOneRow">;

/** The most arguments of one SQLite statement. */
const MAX_ARGUMENTS = 32_766;

/**
 * Whether one statement can take all arguments. A filter appears in both queries and may need more than half of them.
 */
export const canReadWithFacts = ({ page, value }: Page): boolean =>
  page.args.length + (value?.args.length ?? 0) < MAX_ARGUMENTS;

/**
 * One statement that reads the facts and a page, so both are from one snapshot without a transaction. The first row has
 * the value of the page's second query, if any, and then the facts. Each other row is a row of the page. A page of one
 * row is in a second column.
 */
export function factsWithPage(belief: Belief, { page, value, isOneRow }: Page): Statement {
  const facts = factsStatement(belief);
  if (isOneRow)
    return {
      sql: `SELECT (${facts.sql}) AS known, (${page.sql}) AS record`,
      args: [...facts.args, ...page.args],
      isOneRow,
    };
  const known = value ? `(${value.sql}) || ' ' || (${facts.sql})` : `(${facts.sql})`;
  return {
    sql: `WITH page AS (${page.sql}) SELECT ${known} AS known UNION ALL SELECT * FROM page`,
    args: [...page.args, ...(value?.args ?? []), ...facts.args],
  };
}

/** The rows of the facts, of the page and, if asked for, of the value. */
export function splitPage([first = [], ...page]: Rows): readonly Rows[] {
  const [known, record] = first;
  if (typeof known !== "string") return [[]];
  if (record !== undefined) return [[[known]], record === null ? [] : [[record]]];
  const start = known.indexOf("[");
  const facts = [[known.slice(start)]];
  return start === 0 ? [facts, page] : [facts, page, [[known.slice(0, start)]]];
}
