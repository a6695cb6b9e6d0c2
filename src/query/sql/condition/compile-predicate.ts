import { type SQL, sql } from "drizzle-orm";
import { operatorOf } from "../../operators.ts";
import type { Hop, Predicate } from "../../plan/predicate.ts";
import { keyword } from "../fragments.ts";
import { idIn, type Source, type SourceFactory } from "../source.ts";
import { compileTest } from "./compile-test.ts";

/**
 * A condition on `source`'s rows that is true for exactly the records that satisfy the predicate; otherwise false or
 * NULL.
 */
export function compilePredicate(predicate: Predicate, source: Source, sources: SourceFactory): SQL {
  switch (predicate.kind) {
    case "ALL":
    case "ANY":
      return compileGroup(predicate, source, sources);
    case "NOT":
      return sql`(${compilePredicate(predicate.predicate, source, sources)}) IS NOT TRUE`;
    case "TEST":
      return compileTest(predicate.operator, source.column(predicate.column), predicate.values);
    case "RELATED":
      return compileRelated(predicate, source, sources);
  }
}

function compileGroup(
  group: Predicate & { readonly kind: "ALL" | "ANY" },
  source: Source,
  sources: SourceFactory,
): SQL {
  const parts = group.predicates.map((predicate) => compilePredicate(predicate, source, sources));
  if (parts.length === 0) return group.kind === "ALL" ? sql`1` : sql`0`;
  const word = keyword(group.kind === "ALL" ? "and" : "or");
  return sql`(${sql.join(parts, word)})`;
}

/**
 * IN lets SQLite start from either side's index, while EXISTS would visit every parent. A record that does not exist
 * for the caller is treated as a null reference.
 */
function compileRelated(
  { hop, predicate }: Predicate & { readonly kind: "RELATED" },
  source: Source,
  sources: SourceFactory,
): SQL {
  const { relationship } = hop;
  const child = sources.use(hop.entity);
  const childId = idIn(child);
  const condition = compilePredicate(predicate, child, sources);
  const matches = (column: SQL): SQL => sql`SELECT ${column} FROM ${child.from} WHERE ${condition}`;
  if (relationship.kind === "TO_ONE") {
    const reference = source.column(relationship.column);
    if (child.isNarrowed && holdsOnNull(predicate)) {
      const others = sql`SELECT ${childId} FROM ${child.from} WHERE (${condition}) IS NOT TRUE`;
      return sql`(${reference} IN (${others})) IS NOT TRUE`;
    }
    const isRelated = sql`${reference} IN (${matches(childId)})`;
    return holdsOnNull(predicate) ? sql`(${reference} IS NULL OR ${isRelated})` : isRelated;
  }
  const id = idIn(source);
  if (relationship.kind === "TO_MANY") {
    return sql`${id} IN (${matches(child.column(relationship.targetColumn))})`;
  }
  const through = sources.use(throughOf(hop));
  const toTarget = sql`${through.column(relationship.targetColumn)} IN (${matches(childId)})`;
  return sql`${id} IN (SELECT ${through.column(relationship.sourceColumn)} FROM ${through.from} WHERE ${toTarget})`;
}

/** Whether a record with only null fields, which nothing refers to, satisfies the predicate. */
function holdsOnNull(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case "ALL":
      return predicate.predicates.every(holdsOnNull);
    case "ANY":
      return predicate.predicates.some(holdsOnNull);
    case "NOT":
      return !holdsOnNull(predicate.predicate);
    case "TEST":
      return operatorOf(predicate.operator).holdsOnNull;
    case "RELATED":
      return predicate.hop.relationship.kind === "TO_ONE" && holdsOnNull(predicate.predicate);
  }
}

function throughOf({ through, relationship }: Hop) {
  if (!through) throw new Error(`${relationship.name} has no join entity`);
  return through;
}
