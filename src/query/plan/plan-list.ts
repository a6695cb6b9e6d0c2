import { LIST_PARAMETERS, rejectUnknownParameters } from "../parse/parameters.ts";
import { parsePage } from "../parse/parse-page.ts";
import { parseSort } from "../parse/parse-sort.ts";
import type { ListPlan } from "./plan.ts";
import { planSort } from "./plan-sort.ts";
import type { QueryTarget } from "./target.ts";

/**
 * A list request: page, sort, filter, fields and expand of section 7.
 * @throws BAD_REQUEST naming the parameter and the value.
 */
export function planList(target: QueryTarget, params: URLSearchParams): ListPlan {
  rejectUnknownParameters(params, LIST_PARAMETERS);
  const { entity, scope } = target;
  const page = parsePage(params);
  const sort = planSort(target, parseSort(params));
  return {
    entity,
    scope,
    predicates: [],
    sort,
    selection: { entity, columns: entity.columns, expansions: [] },
    page: page.kind === "OFFSET" ? page : { kind: "CURSOR", after: null, size: page.size },
    fingerprint: "",
  };
}
