import type { QueryFacts } from "../../openapi/query-facts.ts";
import { MEASURE_FUNCTIONS } from "../../query/ast.ts";
import {
  DEFAULT_PAGE_SIZE,
  MAX_BATCH_ITEMS,
  MAX_MEASURES,
  MAX_PAGE_SIZE,
  MAX_SORT_KEYS,
} from "../../query/limits.ts";
import { operators } from "../../query/operators.ts";

/** What the documents say of the query language. */
export const queryFacts: QueryFacts = {
  operators,
  measures: MEASURE_FUNCTIONS,
  defaultPageSize: DEFAULT_PAGE_SIZE,
  maxPageSize: MAX_PAGE_SIZE,
  maxSortKeys: MAX_SORT_KEYS,
  maxMeasures: MAX_MEASURES,
  maxBatchItems: MAX_BATCH_ITEMS,
};
