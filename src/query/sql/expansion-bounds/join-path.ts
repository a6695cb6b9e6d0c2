import { type SQL, sql } from "drizzle-orm";
import type { Hop } from "../../plan/plan.ts";
import { keyword } from "../fragments.ts";
import { idIn, type Source } from "../source.ts";
import type { Sources } from "../sources.ts";

/** The start of paths: rows of an entity. */
export interface Roots {
  readonly source: Source;
  readonly from: SQL;
  readonly where: SQL;
}

export interface JoinedPath {
  readonly from: SQL;
  readonly where: SQL;
  /** The last two entities of the path. */
  readonly parent: Source;
  readonly child: Source;
}

/**
 * Uses joins, because sub-selects of five levels are too much for SQLite's parser. They are in the order of the path,
 * which counting relies on.
 */
export function joinPath(path: readonly Hop[], roots: Roots, sources: Sources): JoinedPath {
  const from = [roots.from];
  const where = [roots.where];
  let parent = roots.source;
  let child = roots.source;
  for (const hop of path) {
    parent = child;
    child = sources.use(hop.entity);
    from.push(child.from);
    where.push(compileMatch(hop, { parent, child }, sources));
  }
  return { from: sql.join(from, sql` CROSS JOIN `), where: sql.join(where, keyword("and")), parent, child };
}

/** The records of `child` that a relationship leads to. Each is found once, however often it is linked. */
export function compileMatch(
  { relationship, through }: Hop,
  { parent, child }: { readonly parent: Source; readonly child: Source },
  sources: Sources,
): SQL {
  if (relationship.kind === "TO_ONE") return sql`${idIn(child)} = ${parent.column(relationship.column)}`;
  if (relationship.kind === "TO_MANY" || !through)
    return sql`${child.column(relationship.targetColumn)} = ${idIn(parent)}`;
  const link = sources.use(through);
  const targets = sql`SELECT ${link.column(relationship.targetColumn)} FROM ${link.from} WHERE ${link.column(relationship.sourceColumn)} = ${idIn(parent)}`;
  return sql`${idIn(child)} IN (${targets})`;
}
