import { type SQL, sql } from "drizzle-orm";
import { quoteName } from "../../model/names.ts";

/** A quoted name of the schema. Names come from a resolved catalog, never from a request. */
export const identifier = (name: string): SQL => sql`${sql.identifier(name)}`;

/** `"t0"."order_number"`, rendered here once. Drizzle would need three chunks for each column of a wide record. */
export const qualified = (alias: string, name: string): SQL =>
  sql.raw(`${quoteName(alias)}.${quoteName(name)}`);

export const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

const keywords = {
  asc: sql.raw("ASC"),
  desc: sql.raw("DESC"),
  nullsFirst: sql.raw("NULLS FIRST"),
  nullsLast: sql.raw("NULLS LAST"),
  gt: sql.raw(">"),
  gte: sql.raw(">="),
  lt: sql.raw("<"),
  lte: sql.raw("<="),
  and: sql.raw(" AND "),
  or: sql.raw(" OR "),
} as const;

/** SQL keywords that a plan chooses from. The table is closed, so no text of a request can become SQL. */
export const keyword = (name: keyof typeof keywords): SQL => keywords[name];
