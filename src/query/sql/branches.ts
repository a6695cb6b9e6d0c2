import { type SQL, sql } from "drizzle-orm";
import type { Expansion, Hop } from "../plan/plan.ts";
import { keyword, list } from "./fragments.ts";
import { idIn, type Source, type Sources } from "./sources.ts";

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

/** What may not be exceeded by the branches of an expansion. */
export interface Bound {
  /** The expansion to name in a refusal. */
  readonly last: Expansion;
  /** A condition on `root`'s rows: one leads to more than `limit`. Counts no further than it must. */
  compileExceeds(root: Source, sources: Sources, limit: number): SQL;
}

/**
 * Through many records to many, a thousand times a thousand would hold the database up before anybody sees that it is too
 * much. So no branch may lead to more than a limit, nor may all of them with the objects on their records; in this order,
 * since counting a branch relies on what it goes through. None for a single branch, which is bounded under each parent.
 */
export function boundsOf(branches: readonly Branch[]): readonly Bound[] {
  const [outermost] = branches;
  if (!outermost || branches.length < 2) return [];
  const alone = branches.map((branch) => boundOf(branch, [{ ...branch, weight: 1 }]));
  const together = branches.map((branch) => ({ ...branch, weight: weightOf(branch.last) }));
  return [...alone, boundOf(outermost, together)];
}

function boundOf({ last }: Branch, counted: readonly (Branch & { readonly weight: number })[]): Bound {
  return {
    last,
    compileExceeds(root, sources, limit) {
      const counts = counted.map(
        ({ path, weight }) => sql`${compileCount(joinPath(path, root, sources), limit)} * ${weight}`,
      );
      return sql`${sql.join(counts, sql` + `)} > ${limit}`;
    },
  };
}

/** A record, and the objects on it. */
function weightOf({ selection }: Expansion): number {
  const objects = selection.expansions.filter(({ hop }) => hop.relationship.kind === "TO_ONE");
  return objects.reduce((sum, object) => sum + weightOf(object), 1);
}

/** How many records a path leads to; no more are counted than are too many. */
function compileCount({ from, where }: JoinedPath, limit: number): SQL {
  return sql`(SELECT count(*) FROM (SELECT 1 FROM ${list(from)} WHERE ${where} LIMIT ${limit + 1}))`;
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
