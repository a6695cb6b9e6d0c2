import type { AppContext } from "../context.ts";

/* Strong entity tags (RFC 9110, section 8.8.3). */

export const etagOf = ({ tag }: { readonly tag: string }): string => `"${tag}"`;

/** Whether `If-None-Match` names what would be answered; weak comparison, as for any GET. */
export function hasCurrentCopy(c: AppContext, found: { readonly tag: string }): boolean {
  const tags = tagsOf(c.req.header("If-None-Match"));
  return tags.includes("*") || tags.map((tag) => tag.replace(/^W\//, "")).includes(etagOf(found));
}

/** Whether `If-Match` allows a change of what has this tag. */
export function isMatching(c: AppContext, found: { readonly tag: string }): boolean {
  const header = c.req.header("If-Match");
  return header === undefined || header.trim() === "*" || tagsOf(header).includes(etagOf(found));
}

const tagsOf = (header: string | undefined) => (header ?? "").split(",").map((tag) => tag.trim());
