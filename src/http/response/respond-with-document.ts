import type { AppContext } from "../context.ts";
import { etagOf, hasCurrentCopy } from "./etag.ts";
import { respond } from "./respond.ts";

/** Responds with an OpenAPI document, or 304 if the client has it. */
export function respondWithDocument(
  c: AppContext,
  { content, tag }: { readonly content: string | Uint8Array; readonly tag: string },
): Response {
  const headers = { ETag: etagOf({ tag }) };
  if (hasCurrentCopy(c, { tag })) return respond(c, null, { status: 304, headers });
  return respond(c, content, { headers: { ...headers, "Content-Type": "application/json" } });
}
