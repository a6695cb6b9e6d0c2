const TAG = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"[\\t ]*';
/** `*`, or a list of entity tags (RFC 9110, sections 5.6.1.2 and 8.8.3). Each space matches in one way only. */
export const ENTITY_TAGS_PATTERN = `^[\\t ]*(?:[*][\\t ]*|(?:${TAG})?(?:,[\\t ]*(?:${TAG})?)*)$`;
const ENTITY_TAGS = new RegExp(ENTITY_TAGS_PATTERN);
/** Proxies that compress a response append one of these to the tag. */
const SUFFIX = /-{1,2}(?:gzip|br|zstd|deflate)$/;

/**
 * Parses `If-Match` or `If-None-Match`: the texts between the quotes, or `"ANY"` for `*`. A tag names a version, so weak
 * marks and the suffixes of proxies are removed. An empty header is a list without tags. Returns undefined if the header
 * is malformed.
 */
export function parseEntityTags(header: string): readonly string[] | "ANY" | undefined {
  if (!ENTITY_TAGS.test(header)) return undefined;
  if (header.trim() === "*") return "ANY";
  return [...header.matchAll(/"([^"]*)"/g)].map(([, tag = ""]) => tag.replace(SUFFIX, ""));
}
