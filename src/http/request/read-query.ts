import { badRequest } from "../../errors/api-errors.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { parsePage } from "../../query/parse/parse-page.ts";
import type { PageRequest } from "../../services/page.ts";
import type { AppContext } from "../context.ts";

/** The query parameters; throws when called if the query is not percent-encoded UTF-8. */
export function queryOf(c: AppContext): () => URLSearchParams {
  const start = c.req.url.indexOf("?");
  const query = start === -1 ? "" : c.req.url.slice(start + 1);
  return () => {
    try {
      decodeURIComponent(query);
    } catch {
      throw badRequest("Query string is not valid percent-encoded UTF-8");
    }
    return new URLSearchParams(query);
  };
}

/** Refuses all parameters but these. Throws BAD_REQUEST. */
export function onlyParameters(c: AppContext, known: readonly string[]): URLSearchParams {
  const parameters = queryOf(c)();
  rejectUnknownParameters(parameters, known);
  return parameters;
}

/** `page` and `size` of an admin list. Throws BAD_REQUEST. */
export function pageRequestOf(c: AppContext): PageRequest {
  return pageOf(onlyParameters(c, ["page", "size"]));
}

/** `page` and `size` among other parameters. Throws BAD_REQUEST. */
export function pageOf(query: URLSearchParams): PageRequest {
  const parsed = parsePage(query);
  return { page: parsed.kind === "OFFSET" ? parsed.page : 0, size: parsed.size };
}
