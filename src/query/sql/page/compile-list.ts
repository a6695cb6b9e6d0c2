import { badRequest } from "../../../errors/api-errors.ts";
import type { JsonObject } from "../../../model/json.ts";
import type { Rows, SqlValue } from "../../../model/sql-value.ts";
import { MAX_CURSOR_LENGTH } from "../../limits.ts";
import { encodeCursor } from "../../plan/cursor.ts";
import type { ExportPlan, ListPlan, PagePlan, SortKey } from "../../plan/plan.ts";
import type { Compiled } from "../compiled.ts";
import { type JsonCell, readJsonCell } from "../record/json-cell.ts";
import { type JsonRow, shaperOf } from "../record/shape-selection.ts";
import { compileCount, compilePage, pageBounds } from "./compile-page.ts";
import { isRunOrder } from "./compile-runs.ts";
import { type Seek, splitSeek } from "./compile-seek.ts";

export interface OffsetMeta {
  readonly page: number;
  readonly size: number;
  /** Absent with `count=none`. */
  readonly totalElements?: number;
  readonly totalPages?: number;
}

export interface CursorMeta {
  readonly size: number;
  readonly nextCursor: string | null;
}

export interface ListResult {
  readonly data: readonly JsonObject[];
  readonly meta: OffsetMeta | CursorMeta;
}

/** One statement for the page with all its expansions, and one for the count if it is requested. */
export function compileList(plan: ListPlan): Compiled<ListResult> {
  const { page } = plan;
  return page.kind === "OFFSET" ? compileOffsetList(plan, page) : compileCursorList(plan, page);
}

const EVERYTHING: Seek = { after: null, block: "ALL" };

export interface Chunk {
  readonly records: readonly JsonObject[];
  /** Where the next chunk continues; null if this is the last chunk. */
  readonly next: readonly SqlValue[] | null;
}

function compileOffsetList(
  plan: ListPlan,
  page: PagePlan & { readonly kind: "OFFSET" },
): Compiled<ListResult> {
  const { page: number, size, hasCount } = page;
  const bounds = pageBounds(plan.selection, size);
  const window = { limit: size, offset: number * size, seek: EVERYTHING, hasKeys: false, bounds };
  const statement = compilePage(plan, plan.selection, window);
  return {
    kind: "PAGE",
    page: statement,
    value: hasCount ? compileCount(plan) : null,
    shape: ([rows = [], count = []]) => {
      const found = parseRows(rows);
      bounds.check(found);
      const data = found.map(shaperOf(plan.selection));
      if (!hasCount) return { data, meta: { page: number, size } };
      const totalElements = Number(count[0]?.[0] ?? 0);
      const totalPages = Math.ceil(totalElements / size);
      return { data, meta: { page: number, size, totalElements, totalPages } };
    },
  };
}

function compileCursorList(
  plan: ListPlan,
  page: PagePlan & { readonly kind: "CURSOR" },
): Compiled<ListResult> {
  const { after, size } = page;
  const chunk = compileChunk(plan, after, size);
  return {
    ...chunk,
    shape(results) {
      const { records, next } = chunk.shape(results);
      return { data: records, meta: { size, nextCursor: next && nextCursorOf(plan, next) } };
    },
  };
}

/** One long text is parsed faster than many. */
const parseRows = (rows: Rows): readonly JsonRow[] => JSON.parse(`[${rows.join()}]`);

/** A client could not send a longer cursor, and a cut one would skip or repeat records. */
function nextCursorOf({ sort, fingerprint }: ListPlan, values: readonly SqlValue[]): string {
  const cursor = encodeCursor(values, fingerprint);
  if (cursor.length <= MAX_CURSOR_LENGTH) return cursor;
  const lengths = values.map((value) => String(value).length);
  const longest = sort[lengths.indexOf(Math.max(...lengths))];
  throw badRequest(
    `Cannot continue by cursor: a value of '${longest?.name}' makes it longer than ${MAX_CURSOR_LENGTH} characters — use page, or another sort`,
  );
}

/**
 * The records after a position, so that memory and cost do not depend on how deep it is. Reads one row more than
 * requested, to know whether anything follows.
 */
export function compileChunk(
  plan: ListPlan | ExportPlan,
  after: readonly SqlValue[] | null,
  size: number,
): Compiled<Chunk> {
  const { selection, sort } = plan;
  const bounds = pageBounds(selection, size + 1);
  const window = { limit: size + 1, offset: 0, hasKeys: true, bounds };
  const whole: Seek = { after, block: "ALL" };
  const seeks = isRunOrder(plan, { ...window, after }) ? [whole] : splitSeek(sort, after);
  const statements = seeks.map((seek) => compilePage(plan, selection, { ...window, seek }));
  const [page] = statements;
  const shape = (results: readonly Rows[]) => {
    const found = parseRows(results.flat());
    bounds.check(found);
    const wanted = found.slice(0, size);
    const last = found.length > size ? wanted.at(-1) : undefined;
    return { records: wanted.map(shaperOf(selection)), next: last ? readKeys(sort, last) : null };
  };
  if (page && statements.length === 1) return { kind: "PAGE", page, value: null, shape };
  return { kind: "READ", statements, shape };
}

/** The values of the sort keys, at the end of a record. */
function readKeys(sort: readonly SortKey[], row: JsonRow): readonly SqlValue[] {
  const values = (row.at(-1) ?? []) as readonly JsonCell[];
  return sort.map(({ column }, index) => readJsonCell(values[index] ?? null, column));
}
