import { malformedIfMatch } from "../../errors/api-errors.ts";
import { parseEntityTags } from "../../lib/entity-tags.ts";
import type { AppContext } from "../context.ts";

interface Tagged {
  readonly tag: string;
}

/** A strong entity tag (RFC 9110, section 8.8.3). */
export const etagOf = ({ tag }: Tagged): string => `"${tag}"`;

/** Whether `If-None-Match` names the current version. A malformed header names nothing. */
export function hasCurrentCopy(c: AppContext, found: Tagged): boolean {
  return names(parseEntityTags(c.req.header("If-None-Match") ?? ""), found);
}

/** Whether `If-Match` names the current version. Throws BAD_REQUEST for a malformed header. */
export function isMatching(c: AppContext, found: Tagged): boolean {
  const header = c.req.header("If-Match");
  if (header === undefined) return true;
  const tags = parseEntityTags(header);
  if (tags === undefined) throw malformedIfMatch();
  return names(tags, found);
}

const names = (tags: ReturnType<typeof parseEntityTags>, { tag }: Tagged): boolean =>
  tags === "ANY" || (tags?.includes(tag) ?? false);
