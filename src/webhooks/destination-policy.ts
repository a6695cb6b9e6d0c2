import ipaddr from "ipaddr.js";

/** What a deployment allows besides public https addresses, for local development. */
export interface DestinationPolicy {
  readonly allowsHttp: boolean;
  readonly allowsPrivate: boolean;
}

export const MAX_URL_LENGTH = 2048;
/**
 * How a URL is written. URL parsers would take more: they remove spaces and control characters, and read backslashes and
 * additional slashes as one slash.
 */
export const DESTINATION_SHAPE =
  "^[Hh][Tt][Tt][Pp][Ss]?://[^\\x00-\\x20\\x7f/?#@\\\\]+([/?#][^\\x00-\\x20\\x7f]*)?$";
/** Names that only have a meaning inside a network (RFC 6761, RFC 6762, RFC 8375, clouds). */
const PRIVATE_SUFFIXES = ["localhost", "local", "internal", "home.arpa", "lan", "intranet"];
/** Unicast addresses that are routed on the internet (RFC 4291 §2.4). All other IPv6 addresses are special. */
const [GLOBAL_UNICAST, GLOBAL_UNICAST_BITS] = [ipaddr.IPv6.parse("2000::"), 3];

/**
 * Returns why a webhook may not be sent to a URL, as a validation message; undefined if it may. Looks at the URL alone:
 * the network checks what a public name resolves to (docs/webhooks.md).
 */
export function destinationProblem(text: string, policy: DestinationPolicy): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `must be at most ${MAX_URL_LENGTH} characters`;
  if (!URL.canParse(text)) return "must be a valid URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && policy.allowsHttp)) {
    return policy.allowsHttp ? "must be an http or https URL" : "must be an https URL";
  }
  if (url.username !== "" || url.password !== "") return "must not contain credentials";
  if (url.hostname === "") return "must be a valid URL";
  if (!policy.allowsPrivate && !isPublicHost(url.hostname)) {
    return "must not point to a private, local or reserved address";
  }
  return undefined;
}

/** The host comes from the URL parser, which has rewritten every spelling of an IPv4 address as dotted decimal. */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/\.+$/, "").toLowerCase();
  const literal = host.replace(/^\[(.*)\]$/, "$1");
  if (ipaddr.isValid(literal)) return isPublicAddress(literal);
  const isLocalName = PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  return host.includes(".") && !isLocalName;
}

/** IPv4 inside IPv6, such as `::ffff:10.0.0.1`, is checked as IPv4. Tunnels into other networks are never public. */
export function isPublicAddress(text: string): boolean {
  const address = ipaddr.process(text);
  if (address.range() !== "unicast") return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST, GLOBAL_UNICAST_BITS);
}
