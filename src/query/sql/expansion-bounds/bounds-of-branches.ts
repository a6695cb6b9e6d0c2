import { type SQL, sql } from "drizzle-orm";
import { hasLength, longestValueOf } from "../../../columns/text.ts";
import type { AppError } from "../../../errors/app-error.ts";
import type { Column } from "../../../model/column.ts";
import { MAX_EXPANDED_BYTES, MAX_EXPANDED_RECORDS } from "../../limits.ts";
import type { Expansion, Hop, Selection } from "../../plan/plan.ts";
import { identifier } from "../fragments.ts";
import type { Source } from "../source.ts";
import type { Sources } from "../sources.ts";
import type { Branch } from "./branches.ts";
import { tooLongInAll, tooManyInAll } from "./expansion-errors.ts";
import { joinPath, type Roots } from "./join-path.ts";

/** The records of a response, and the limit for them and everything expanded on them. */
export interface Extent {
  readonly records: number;
  readonly limit: number;
}

/** The limits of the branches of an expansion. */
export interface ExpansionBound {
  /**
   * A condition: the roots together lead to more records than the limit, or to too much text. Counts no further than
   * needed.
   */
  compileExceeds(roots: Roots, sources: Sources): SQL;
  error(): AppError;
}

/**
 * An expansion can lead through many records to many others: a thousand times a thousand would block the database
 * before anyone notices. So three limits apply, in this order because counting relies on it: the records of each
 * branch, all of them with their to-one records, and their texts. Whatever cannot exceed a limit is not counted.
 */
export function boundsOf(branches: readonly Branch[], { records, limit }: Extent): readonly ExpansionBound[] {
  const [outermost] = branches;
  if (!outermost) return [];
  const isSingle = branches.length === 1;
  const texts = textsBehind(outermost, isSingle ? records * MAX_EXPANDED_RECORDS : limit);
  const bounds = texts.length === 0 ? [] : [boundOfTexts(outermost, texts, limit)];
  if (isSingle && records * MAX_EXPANDED_RECORDS * weightOf(outermost.last) <= limit) return bounds;
  const alone = isSingle
    ? []
    : branches.map((branch) => boundOf(branch.last, [{ ...branch, each: () => sql`1` }], limit));
  const together = branches.map((branch) => ({ ...branch, each: compileWeight(branch.last) }));
  return [...alone, boundOf(outermost.last, together, limit), ...bounds];
}

/** A path, and a number for each record that it leads to. */
interface Measured {
  readonly path: readonly Hop[];
  each(record: Source): SQL;
}

function boundOf(expansion: Expansion, counted: readonly Measured[], limit: number): ExpansionBound {
  return {
    compileExceeds: (roots, sources) =>
      sql`${compileTotal(counted, { roots, sources, rows: limit + 1 })} > ${limit}`,
    error: () => tooManyInAll(expansion, limit),
  };
}

/** The sum of the numbers of the first rows of each path. */
function compileTotal(
  measured: readonly Measured[],
  { roots, sources, rows }: { readonly roots: Roots; readonly sources: Sources; readonly rows: number },
): SQL {
  const totals = measured.map(({ path, each }) => {
    const { from, where, child } = joinPath(path, roots, sources);
    const n = identifier("n");
    return sql`(SELECT total(${n}) FROM (SELECT ${each(child)} AS ${n} FROM ${from} WHERE ${where} LIMIT ${rows}))`;
  });
  return sql.join(totals, sql` + `);
}

/** Columns with possibly long texts, and the path to their records. */
interface Texts {
  readonly path: readonly Hop[];
  readonly columns: readonly Column[];
}

/** For the records of an expansion, the to-one records on them, and everything expanded on them. */
function textsBehind({ path, last: { selection } }: Branch, most: number): readonly Texts[] {
  const columns = longColumnsOf(selection, most);
  const deeper = selection.expansions.flatMap((expansion) =>
    textsBehind({ path: [...path, expansion.hop], last: expansion }, most),
  );
  return columns.length === 0 ? deeper : [{ path, columns }, ...deeper];
}

/** Empty if the records are so short that `most` of them cannot be too long. */
function longColumnsOf({ columns }: Selection, most: number): readonly Column[] {
  const longest = columns.reduce((sum, column) => sum + longestValueOf(column), 0);
  return longest > Math.min(SHORT_RECORD, (4 * MAX_EXPANDED_BYTES) / most) ? columns.filter(hasLength) : [];
}

function boundOfTexts({ last }: Branch, texts: readonly Texts[], rows: number): ExpansionBound {
  const measured = texts.map(({ path, columns }) => ({ path, each: compileLength(columns) }));
  return {
    compileExceeds: (roots, sources) =>
      sql`${compileTotal(measured, { roots, sources, rows })} > ${MAX_EXPANDED_BYTES}`,
    error: () => tooLongInAll(last),
  };
}

const compileLength = (columns: readonly Column[]) => (record: Source) =>
  sql.join(
    columns.map((column) => sql`coalesce(octet_length(${record.column(column)}), 0)`),
    sql` + `,
  );

/** Characters. The texts of 20,000 records of this length fill four responses. At most that much is not measured. */
const SHORT_RECORD = 2_000;

/** Counts a record with the most to-one records that it can have. */
const weightOf = ({ selection }: Expansion): number =>
  objectsOf(selection).reduce((sum, { expansion }) => sum + weightOf(expansion), 1);

/** The same without null references. A to-one record counts with everything that it can have on it. */
const compileWeight =
  ({ selection }: Expansion) =>
  (record: Source): SQL => {
    const objects = objectsOf(selection).map(
      ({ column, expansion }) => sql`(${record.column(column)} IS NOT NULL) * ${weightOf(expansion)}`,
    );
    return sql.join([sql`1`, ...objects], sql` + `);
  };

const objectsOf = ({ expansions }: Selection) =>
  expansions.flatMap((expansion) => {
    const { relationship } = expansion.hop;
    return relationship.kind === "TO_ONE" ? [{ column: relationship.column, expansion }] : [];
  });
