import type { Rows, Statement } from "../model/sql-value.ts";
import type { CompiledPage } from "../query/sql/compiled.ts";
import { type Belief, factsStatement } from "./facts.ts";

type Page = Pick<CompiledPage<unknown>, "page" | "value">;

/** Arguments that SQLite binds to one statement. */
const MAX_ARGUMENTS = 32_766;

/** Whether one statement takes all arguments; a filter can fill more than half of it, and stands in page and value. */
export const canReadWithFacts = ({ page, value }: Page): boolean =>
  page.args.length + (value?.args.length ?? 0) < MAX_ARGUMENTS;

/**
 * One statement that reads the facts and a page, so that both are of one snapshot without a transaction. Its first row has
 * the value of the page's second query, if there is one, and behind it the facts; each other row is a row of the page.
 */
export function factsWithPage(belief: Belief, { page, value }: Page): Statement {
  const facts = factsStatement(belief);
  const known = value ? `(${value.sql}) || ' ' || (${facts.sql})` : `(${facts.sql})`;
  return {
    sql: `WITH page AS (${page.sql}) SELECT ${known} AS known UNION ALL SELECT * FROM page`,
    args: [...page.args, ...(value?.args ?? []), ...facts.args],
  };
}

/** The rows of the facts, of the page and, when one was asked for, of the value. */
export function splitPage([first = [], ...page]: Rows): readonly Rows[] {
  const [known] = first;
  if (typeof known !== "string") return [[]];
  const start = known.indexOf("[");
  const facts = [[known.slice(start)]];
  return start === 0 ? [facts, page] : [facts, page, [[known.slice(0, start)]]];
}
