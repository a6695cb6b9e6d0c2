import { badRequest } from "../../../errors/api-errors.ts";
import { MAX_EXPANDED_BYTES, MAX_EXPANDED_IN_ALL, MAX_EXPANDED_RECORDS } from "../../limits.ts";
import type { Expansion } from "../../plan/plan.ts";

/** An expansion is never silently cut. */
export const tooManyRecords = (expansion: Expansion) =>
  unexpandable(expansion, `a record has more than ${MAX_EXPANDED_RECORDS} of them`);

export const tooManyInAll = (expansion: Expansion, limit: number) =>
  unexpandable(
    expansion,
    `it leads to more than ${limit} records`,
    limit > MAX_EXPANDED_IN_ALL ? "take smaller pages, or " : "",
  );

export const tooLongInAll = (expansion: Expansion) =>
  unexpandable(
    expansion,
    `it leads to more than ${MAX_EXPANDED_BYTES / 1_000_000} MB of text`,
    "ask for fewer fields or records, or ",
  );

const unexpandable = ({ hop }: Expansion, why: string, orElse = "") =>
  badRequest(
    `Cannot expand '${hop.relationship.name}': ${why} — ${orElse}list ${hop.entity.name} with a filter instead`,
  );
