import type { AppContext } from "./context.ts";

/* ETags of single records (RFC 9110, section 8.8.3): the number of writes to the record, strong. */

export const etagOf = ({ version }: { readonly version: number }): string => `"${version}"`;

/** Whether `If-None-Match` names the version that would be answered; weak comparison, as for any GET. */
export function hasCurrentCopy(c: AppContext, found: { readonly version: number }): boolean {
  const tags = tagsOf(c.req.header("If-None-Match"));
  return tags.includes("*") || tags.map((tag) => tag.replace(/^W\//, "")).includes(etagOf(found));
}

/**
 * What `If-Match` asks for; undefined without it. Weak tags never match, and of several tags none: a record has one
 * version, so a client that names more than one does not know which it saw.
 */
export function expectedVersion(c: AppContext): number | "ANY" | "NONE" | undefined {
  const header = c.req.header("If-Match");
  if (header === undefined) return undefined;
  const [tag, ...others] = tagsOf(header);
  if (tag === "*") return "ANY";
  const version = /^"(\d{1,15})"$/.exec(tag ?? "")?.[1];
  return version === undefined || others.length > 0 ? "NONE" : Number(version);
}

const tagsOf = (header: string | undefined) => (header ?? "").split(",").map((tag) => tag.trim());
