import { LruMap } from "../../lib/lru-map.ts";
import { quoteName } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";

/**
 * A statement about an entity's records, in parts. Plans add to the parts, and `render` makes SQL of them once, at the
 * end, so no code searches SQL text for keywords. Every part has its own arguments.
 */
export interface RecordStatement {
  /** A read returns its columns by `SELECT`, a write by `RETURNING`. */
  readonly kind: "READ" | "WRITE";
  /** Everything before the conditions: `UPDATE "w1_orders" SET "status" = ?`, `FROM "w1_orders"`. */
  readonly head: Statement;
  /** Conditions that must all be true. */
  readonly where: readonly Statement[];
  /** The `ON CONFLICT` clause of an upsert. */
  readonly onConflict?: Statement;
  /** Columns of the returned rows; empty for a write that returns nothing. */
  readonly returning: string;
}

const ID = quoteName("id");

/** The same statement, limited to records that also meet the condition. */
export const onlyIf = (statement: RecordStatement, condition: Statement): RecordStatement => ({
  ...statement,
  where: [...statement.where, condition],
});

/** The same statement, which returns only the record's id. */
export const returningId = (statement: RecordStatement): RecordStatement => ({ ...statement, returning: ID });

/** The same write without rows, which cost a large import a fifth of its time. A read still returns the id. */
export const returningNothing = (statement: RecordStatement): RecordStatement =>
  statement.kind === "READ" ? returningId(statement) : { ...statement, returning: "" };

/** The SQL of all parts, and their arguments in the same order. */
export function render(statement: RecordStatement): Statement {
  const { head, where, onConflict } = statement;
  const args: SqlValue[] = [...head.args];
  for (const condition of where) args.push(...condition.args);
  if (onConflict) args.push(...onConflict.args);
  return { sql: keptText(statement), args };
}

interface RenderedText {
  readonly statement: RecordStatement;
  readonly text: string;
}

/** Heads name the entity's table and the written columns, so this is a cache by entity and shape. */
const HEADS_PER_ISOLATE = 1_000;
const TEXTS_PER_HEAD = 8;
/** Characters. Longer heads are inserts of many records, whose length rarely repeats. */
const LONGEST_KEPT = 2_000;
const textsByHead = new LruMap<string, readonly RenderedText[]>(HEADS_PER_ISOLATE);

/** Returns the same string object for equal parts, which makes later lookups and comparisons cheap. */
function keptText(statement: RecordStatement): string {
  const head = statement.head.sql;
  if (head.length > LONGEST_KEPT) return joinParts(statement);
  const known = textsByHead.get(head) ?? [];
  for (const rendered of known) if (hasSameText(rendered.statement, statement)) return rendered.text;
  const text = joinParts(statement);
  textsByHead.set(head, [
    { statement: withoutArguments(statement), text },
    ...known.slice(0, TEXTS_PER_HEAD - 1),
  ]);
  return text;
}

function hasSameText(left: RecordStatement, right: RecordStatement): boolean {
  if (left.kind !== right.kind || left.returning !== right.returning) return false;
  if (left.onConflict?.sql !== right.onConflict?.sql || left.where.length !== right.where.length)
    return false;
  for (let i = 0; i < left.where.length; i++) if (left.where[i]?.sql !== right.where[i]?.sql) return false;
  return true;
}

/** Cached texts must not contain the values of a request. */
function withoutArguments(statement: RecordStatement): RecordStatement {
  const { head, where, onConflict } = statement;
  return {
    ...statement,
    head: bare(head),
    where: where.map(bare),
    ...(onConflict && { onConflict: bare(onConflict) }),
  };
}

const bare = ({ sql }: Statement): Statement => ({ sql, args: [] });

function joinParts({ kind, head, where, onConflict, returning }: RecordStatement): string {
  const conditions = where.map(({ sql }) => sql).join(" AND ");
  let text = kind === "READ" ? `SELECT ${returning} ${head.sql}` : head.sql;
  if (conditions !== "") text += ` WHERE ${conditions}`;
  if (onConflict) text += ` ${onConflict.sql}`;
  if (kind === "WRITE" && returning !== "") text += ` RETURNING ${returning}`;
  return text;
}
