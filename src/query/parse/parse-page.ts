import { badRequest } from "../../errors/api-errors.ts";
import type { PageAst } from "../ast.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE, MAX_PAGE_SIZE } from "../limits.ts";
import { invalidParameter, singleParameter } from "./parameters.ts";

/** `page`, `size`, `count` and `cursor`. */
export function parsePage(params: URLSearchParams): PageAst {
  const size = parseSize(params);
  const page = singleParameter(params, "page");
  const count = singleParameter(params, "count");
  const cursor = singleParameter(params, "cursor");
  if (count !== null && count !== "none" && count !== "exact") {
    throw invalidParameter("count", count, "'none' or 'exact'");
  }
  if (cursor === null) {
    return { kind: "OFFSET", page: parsePageNumber(page ?? "0"), size, hasCount: count !== "none" };
  }
  if (page !== null) throw badRequest(`Parameter 'page' (${page}) cannot be combined with 'cursor'`);
  if (count === "exact")
    throw badRequest("Parameter 'count' (exact) cannot be combined with 'cursor', which has no totals");
  return { kind: "CURSOR", cursor, size };
}

function parseSize(params: URLSearchParams): number {
  const text = singleParameter(params, "size");
  if (text === null) return DEFAULT_PAGE_SIZE;
  const size = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MAX_PAGE_SIZE) return size;
  throw invalidParameter("size", text, `an integer between 1 and ${MAX_PAGE_SIZE}`);
}

function parsePageNumber(text: string): number {
  const page = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (page >= 0 && page <= MAX_PAGE) return page;
  throw invalidParameter("page", text, `an integer between 0 and ${MAX_PAGE}`);
}
