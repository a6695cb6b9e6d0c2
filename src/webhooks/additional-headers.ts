const MAX_HEADERS = 20;
const MAX_VALUE_LENGTH = 1000;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Visible ASCII with inner spaces (RFC 9110 §5.5). */
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/** Headers that a delivery sets itself, and those that belong to the connection or reveal the origin of a request. */
const RESERVED = new Set([
  "host",
  "user-agent",
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "via",
  "forwarded",
  "cookie",
  "origin",
  "referer",
]);
const RESERVED_PREFIXES = ["webhook-", "x-schemastack-", "x-forwarded-", "proxy-", "sec-", "cf-"];

/** The same as JSON Schema, except that two names must differ by more than case. */
export const HEADERS_SHAPE = {
  maxProperties: MAX_HEADERS,
  propertyNames: {
    pattern: NAME.source,
    not: {
      pattern: `^(?:(?:${[...RESERVED].map(inAnyCase).join("|")})$|${RESERVED_PREFIXES.map(inAnyCase).join("|")})`,
    },
  },
  additionalProperties: { type: "string", pattern: VALUE.source, maxLength: MAX_VALUE_LENGTH },
} as const;

function inAnyCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}

export interface HeaderProblem {
  /** Undefined for a problem of all headers together. */
  readonly name?: string;
  readonly message: string;
}

/** Returns what is wrong with a webhook's additional headers. */
export function headerProblems(headers: Readonly<Record<string, string>>): readonly HeaderProblem[] {
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) return [{ message: `must be at most ${MAX_HEADERS} headers` }];
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const lower = name.toLowerCase();
    const isRepeated = seen.has(lower);
    seen.add(lower);
    if (!NAME.test(name)) return [{ name, message: "is not a header name" }];
    if (isRepeated) return [{ name, message: "is given more than once" }];
    if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
      return [{ name, message: "cannot be set: deliveries set it themselves" }];
    }
    const value = headers[name] ?? "";
    if (VALUE.test(value) && value.length <= MAX_VALUE_LENGTH) return [];
    return [{ name, message: `must be printable ASCII of at most ${MAX_VALUE_LENGTH} characters` }];
  });
}
