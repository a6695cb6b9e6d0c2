import { badRequest } from "../../errors/api-errors.ts";
import type { PageAst } from "../ast.ts";
import { echo } from "../messages.ts";
import { parseExport, parseList, parseRecordView } from "../parse/parse-list.ts";
import { decodeCursor, fingerprintOf } from "./cursor.ts";
import type { ExportPlan, ListPlan, PagePlan, RecordViewPlan } from "./plan.ts";
import { planFilter } from "./plan-filter.ts";
import { planSort } from "./plan-sort.ts";
import { planView, type ViewDefaults } from "./plan-view.ts";
import type { QueryTarget } from "./target.ts";

/** Plans page, sort, filter, fields and expand of a list. Throws BAD_REQUEST naming the parameter and the value. */
export function planList(target: QueryTarget, params: URLSearchParams): ListPlan {
  const ast = parseList(params);
  const { entity, scope } = target;
  const sort = planSort(target, ast.sort);
  const fingerprint = fingerprintOf(target, sort);
  return {
    entity,
    scope,
    predicates: planFilter(target, ast.filter),
    sort,
    selection: planView(target, ast.view),
    page: planPage(ast.page, fingerprint, sort.length),
    fingerprint,
  };
}

/** Plans fields and expand of one record, read or just written. Throws BAD_REQUEST. */
export function planRecordView(
  target: QueryTarget,
  params: URLSearchParams,
  defaults?: ViewDefaults,
): RecordViewPlan {
  const ast = parseRecordView(params);
  const { entity, scope } = target;
  return { entity, scope, selection: planView(target, ast, defaults) };
}

/** Like a list without pages; relationships cannot be expanded. Throws BAD_REQUEST. */
export function planExport(target: QueryTarget, params: URLSearchParams): ExportPlan {
  const ast = parseExport(params);
  const { entity, scope } = target;
  const dotted = ast.fields?.find(({ length }) => length > 1);
  if (dotted)
    throw badRequest(`Field ${echo(dotted.join("."))} cannot be exported — an export has no 'expand'`);
  return {
    entity,
    scope,
    format: ast.format,
    escapesFormulas: ast.escapesFormulas,
    predicates: planFilter(target, ast.filter),
    sort: planSort(target, ast.sort),
    selection: planView(target, { fields: ast.fields, expand: [] }),
  };
}

function planPage(page: PageAst, fingerprint: string, keyCount: number): PagePlan {
  if (page.kind === "OFFSET") return page;
  const { cursor, size } = page;
  const after = cursor === "" ? null : decodeCursor(cursor, fingerprint);
  if (after && after.length !== keyCount) throw badRequest(`Invalid cursor ${echo(cursor)}`);
  return { kind: "CURSOR", after, size };
}
