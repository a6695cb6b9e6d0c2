import { type SQL, sql } from "drizzle-orm";
import { hasLength, longestValueOf } from "../../columns/text.ts";
import type { AppError } from "../../errors/app-error.ts";
import { badRequest } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import { MAX_EXPANDED_BYTES, MAX_EXPANDED_IN_ALL, MAX_EXPANDED_RECORDS } from "../limits.ts";
import type { Expansion, Hop, Selection } from "../plan/plan.ts";
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
  /** A condition on `root`'s rows: one leads to more than `limit` records, or to too much text. Counts no further than it must. */
  compileExceeds(root: Source, sources: Sources, limit: number): SQL;
  refusal(limit: number): AppError;
}

/**
 * Through many records to many, a thousand times a thousand would hold the database up before anybody sees that it is too
 * much. So no branch may lead to more than a limit, nor may all of them with the objects on their records, nor to texts that
 * no answer holds; in this order, since counting relies on what it goes through. A single branch is bounded under each parent.
 */
export function boundsOf(branches: readonly Branch[]): readonly Bound[] {
  const [outermost] = branches;
  if (!outermost) return [];
  const texts = textsBehind(outermost);
  const bounds = texts.length === 0 ? [] : [boundOfTexts(outermost, texts)];
  if (branches.length === 1) return bounds;
  const alone = branches.map((branch) => boundOf(branch, [{ ...branch, weight: 1 }]));
  const together = branches.map((branch) => ({ ...branch, weight: weightOf(branch.last) }));
  return [...alone, boundOf(outermost, together), ...bounds];
}

function boundOf({ last }: Branch, counted: readonly (Branch & { readonly weight: number })[]): Bound {
  return {
    compileExceeds(root, sources, limit) {
      const counts = counted.map(
        ({ path, weight }) => sql`${compileCount(joinPath(path, root, sources), limit)} * ${weight}`,
      );
      return sql`${sql.join(counts, sql` + `)} > ${limit}`;
    },
    refusal: (limit) => tooManyInAll(last, limit),
  };
}

/** Columns whose texts can be long, and the way to their records. */
interface Texts {
  readonly path: readonly Hop[];
  readonly columns: readonly Column[];
}

/** Of the records of an expansion, of the objects on them, and of what expands them. */
function textsBehind({ path, last: { selection } }: Branch): readonly Texts[] {
  const columns = longColumnsOf(selection);
  const deeper = selection.expansions.flatMap((expansion) =>
    textsBehind({ path: [...path, expansion.hop], last: expansion }),
  );
  return columns.length === 0 ? deeper : [{ path, columns }, ...deeper];
}

/** None of a record so short that no expansion is too long for the number of its records. */
function longColumnsOf({ columns }: Selection): readonly Column[] {
  const longest = columns.reduce((sum, column) => sum + longestValueOf(column), 0);
  return longest > SHORT_RECORD ? columns.filter(hasLength) : [];
}

/** All texts are measured, not only those of as many records as a page's share: a single branch may lead to more. */
function boundOfTexts({ last }: Branch, texts: readonly Texts[]): Bound {
  return {
    compileExceeds(root, sources) {
      const lengths = texts.map(({ path, columns }) => {
        const { from, where, child } = joinPath(path, root, sources);
        const length = columns.map((column) => sql`coalesce(octet_length(${child.column(column)}), 0)`);
        const each = sql`SELECT ${sql.join(length, sql` + `)} AS "n" FROM ${list(from)} WHERE ${where} LIMIT ${MAX_EXPANDED_IN_ALL}`;
        return sql`(SELECT total("n") FROM (${each}))`;
      });
      return sql`${sql.join(lengths, sql` + `)} > ${MAX_EXPANDED_BYTES}`;
    },
    refusal: () => tooLongInAll(last),
  };
}

/** Characters; 20,000 of such records are four answers. */
const SHORT_RECORD = 2_000;

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

/** An expansion is never cut in silence. */
export const tooManyRecords = (expansion: Expansion) =>
  unexpandable(expansion, `a record has more than ${MAX_EXPANDED_RECORDS} of them`);

const tooManyInAll = (expansion: Expansion, limit: number) =>
  unexpandable(
    expansion,
    `it leads from one record to more than ${limit}`,
    limit < MAX_EXPANDED_IN_ALL ? "take smaller pages, or " : "",
  );

const tooLongInAll = (expansion: Expansion) =>
  unexpandable(
    expansion,
    `it leads from one record to more than ${MAX_EXPANDED_BYTES / 1_000_000} MB of text`,
    "ask for fewer fields, or ",
  );

const unexpandable = ({ hop }: Expansion, why: string, orElse = "") =>
  badRequest(
    `Cannot expand '${hop.relationship.name}': ${why} — ${orElse}list ${hop.entity.name} with a filter instead`,
  );
