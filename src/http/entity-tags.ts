import type { AppContext } from "./context.ts";

/* ETags of single records (RFC 9110, section 8.8.3): the number of writes to the record, strong. */

export const etagOf = ({ version }: { readonly version: number }): string => `"${version}"`;

/** Whether `If-None-Match` names the version that would be answered; weak comparison, as for any GET. */
export function hasCurrentCopy(c: AppContext, found: { readonly version: number }): boolean {
  const tags = tagsOf(c.req.header("If-None-Match"));
  return tags.includes("*") || tags.map((tag) => tag.replace(/^W\//, "")).includes(etagOf(found));
}

const tagsOf = (header: string | undefined) => (header ?? "").split(",").map((tag) => tag.trim());
