/** The URL standard calls origins with these schemes opaque, but browsers give them to apps and extensions. */
const APP_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:*]+(?::\d{1,5})?$/;
const WEB_SCHEME = /^(?:https?|wss?|ftp|file):/;

/** Whether the text is an origin as browsers send it, or one with `*` in place of the leftmost labels of its host. */
export function isOriginPattern(text: string): boolean {
  const origin = text.replace("://*.", "://any.");
  if (!WEB_SCHEME.test(origin)) return APP_ORIGIN.test(origin);
  return !origin.includes("*") && URL.canParse(origin) && new URL(origin).origin === origin;
}

/** Whether an origin matches one of the patterns. `*` stands for one or more labels: `https://*.example.com`. */
export const isAllowedOrigin = (origin: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => origin === pattern || isBelow(origin, pattern));

function isBelow(origin: string, pattern: string): boolean {
  const [start, end] = pattern.split("*");
  if (start === undefined || end === undefined) return false;
  if (!origin.startsWith(start) || !origin.endsWith(end)) return false;
  return /^[\w-]+(?:\.[\w-]+)*$/.test(origin.slice(start.length, -end.length));
}
