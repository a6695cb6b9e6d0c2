import { type SQL, sql } from "drizzle-orm";
import { MAX_EXPANDED_IN_ALL } from "../limits.ts";
import type { Expansion, Hop } from "../plan/plan.ts";
import { keyword, list } from "./fragments.ts";
import { idOf, type Source, type Sources } from "./sources.ts";

/** A to-many expansion, and the way to it. */
export interface Branch {
  /** To the records of `last`. */
  readonly path: readonly Hop[];
  readonly last: Expansion;
}

/** All of an expansion, itself among them; each comes behind those that it goes through. */
export function branchesOf({ hop, selection }: Expansion): readonly Branch[] {
  const deeper = selection.expansions
    .flatMap(branchesOf)
    .map(({ path, last }) => ({ path: [hop, ...path], last }));
  return hop.relationship.kind === "TO_ONE" ? deeper : [{ path: [hop], last: { hop, selection } }, ...deeper];
}

/** Whether a branch goes through many records to many: only then are there more of them than a parent may have. */
export const isNested = ({ path }: Branch): boolean =>
  path.filter(({ relationship }) => relationship.kind !== "TO_ONE").length > 1;

/** A condition on `root`'s rows: a path leads to more records than one of them may show. Counts no further than that. */
export function compileIsTooMany(path: readonly Hop[], root: Source, sources: Sources): SQL {
  const { from, where } = joinPath(path, root, sources);
  const found = sql`SELECT 1 FROM ${list(from)} WHERE ${where} LIMIT ${MAX_EXPANDED_IN_ALL + 1}`;
  return sql`(SELECT count(*) FROM (${found})) > ${MAX_EXPANDED_IN_ALL}`;
}

export interface JoinedPath {
  readonly from: readonly SQL[];
  readonly where: SQL;
  /** The last two of the entities on the way. */
  readonly parent: Source;
  readonly child: Source;
}

/** Joins, because sub-selects of five levels are too much for SQLite's parser. */
export function joinPath(path: readonly Hop[], root: Source, sources: Sources): JoinedPath {
  const from: SQL[] = [];
  const where: SQL[] = [];
  let parent = root;
  let child = root;
  for (const { relationship, entity, through } of path) {
    parent = child;
    child = sources.use(entity);
    from.push(child.from);
    if (relationship.kind === "TO_ONE") {
      where.push(sql`${idIn(child)} = ${parent.column(relationship.column)}`);
    } else if (relationship.kind === "TO_MANY" || !through) {
      where.push(sql`${child.column(relationship.targetColumn)} = ${idIn(parent)}`);
    } else {
      const link = sources.use(through);
      from.push(link.from);
      where.push(sql`${link.column(relationship.sourceColumn)} = ${idIn(parent)}`);
      where.push(sql`${link.column(relationship.targetColumn)} = ${idIn(child)}`);
    }
  }
  return { from, where: sql.join(where, keyword("and")), parent, child };
}

export const idIn = (source: Source): SQL => source.column(idOf(source.entity));
