const TAG_LIST =
  /^[\t ]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[\t ]*,[\t ]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[\t ]*$/;
/** Proxies that compress a response append one of these to the tag. */
const SUFFIX = /-{1,2}(?:gzip|br|zstd|deflate)$/;

/**
 * Parses `If-Match` or `If-None-Match` (RFC 9110, section 8.8.3): the texts between the quotes, or `"ANY"` for `*`. A
 * tag names a version, so weak marks and the suffixes of proxies are removed. Returns undefined if the header is
 * malformed.
 */
export function parseEntityTags(header: string): readonly string[] | "ANY" | undefined {
  if (header.trim() === "*") return "ANY";
  if (!TAG_LIST.test(header)) return undefined;
  return [...header.matchAll(/"([^"]*)"/g)].map(([, tag = ""]) => tag.replace(SUFFIX, ""));
}
