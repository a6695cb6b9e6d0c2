import { malformedIfMatch, malformedIfNoneMatch } from "../../errors/api-errors.ts";
import type { AppError } from "../../errors/app-error.ts";
import { parseEntityTags } from "../../lib/entity-tags.ts";
import type { AppContext } from "../context.ts";

interface Tagged {
  readonly tag: string;
}

/** A strong entity tag (RFC 9110, section 8.8.3). */
export const etagOf = ({ tag }: Tagged): string => `"${tag}"`;

/**
 * Whether the client has a current copy (304): `If-None-Match` names the current version, and the response contains no
 * records whose versions the tag does not cover. Throws BAD_REQUEST for a malformed header.
 */
export function hasCurrentCopy(c: AppContext, found: Tagged & { readonly isExpanded?: boolean }): boolean {
  const isNamedCurrent = isNamed(c.req.header("If-None-Match"), found, malformedIfNoneMatch) ?? false;
  return isNamedCurrent && !found.isExpanded;
}

/** Whether `If-Match` names the current version, or is absent. Throws BAD_REQUEST for a malformed header. */
export const isMatching = (c: AppContext, found: Tagged): boolean =>
  isNamed(c.req.header("If-Match"), found, malformedIfMatch) ?? true;

function isNamed(
  header: string | undefined,
  { tag }: Tagged,
  malformed: () => AppError,
): boolean | undefined {
  if (header === undefined) return undefined;
  const tags = parseEntityTags(header);
  if (tags === undefined) throw malformed();
  return tags === "ANY" || tags.includes(tag);
}
