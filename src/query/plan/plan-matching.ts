import { badRequest } from "../../errors/api-errors.ts";
import { MAX_PAGE_SIZE } from "../limits.ts";
import { invalidParameter, rejectUnknownParameters, singleParameter } from "../parse/parameters.ts";
import { parseFilter } from "../parse/parse-filter.ts";
import { parseFlag } from "../parse/parse-flag.ts";
import type { Selector } from "./plan.ts";
import { planFilter } from "./plan-filter.ts";
import type { QueryTarget } from "./target.ts";

/** The records of a write by filter. */
export interface MatchingPlan extends Omit<Selector, "sort"> {
  /** If more records match, none is written. */
  readonly maxAffected: number;
  /** Whether the records are only counted. */
  readonly isDryRun: boolean;
}

/** Plans the filter of a write, and its bound. Throws BAD_REQUEST if either is missing. */
export function planMatching(target: QueryTarget, params: URLSearchParams): MatchingPlan {
  rejectUnknownParameters(params, ["filter", "maxAffected", "dryRun"]);
  const predicates = planFilter(target, parseFilter(params));
  if (predicates.length === 0)
    throw badRequest("A write without an id needs a filter, such as filter[status]=NEW");
  const { entity, scope } = target;
  return {
    entity,
    scope,
    predicates,
    maxAffected: parseMaxAffected(params),
    isDryRun: parseFlag(params, "dryRun"),
  };
}

function parseMaxAffected(params: URLSearchParams): number {
  const text = singleParameter(params, "maxAffected");
  if (text === null)
    throw badRequest("A write by filter needs maxAffected, the most records that it may change");
  const most = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (most >= 1 && most <= MAX_PAGE_SIZE) return most;
  throw invalidParameter("maxAffected", text, `an integer between 1 and ${MAX_PAGE_SIZE}`);
}
