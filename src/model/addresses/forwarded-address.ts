import { isInRanges } from "./address-range.ts";

/**
 * Returns the client's address in a header such as `X-Forwarded-For`. Each proxy appends the address that it saw. So
 * the client can have made up everything left of the rightmost address that is not a trusted proxy's.
 */
export function forwardedAddress(
  header: string | undefined,
  trustedProxies: readonly string[],
): string | undefined {
  const addresses = (header ?? "").split(",").map((entry) => withoutPort(entry.trim()));
  const client = addresses.findLast((address) => !isInRanges(address, trustedProxies));
  return (client ?? addresses[0]) || undefined;
}

/** `203.0.113.5:443` → `203.0.113.5`, `[2001:db8::1]:443` → `2001:db8::1`; an address without a port stays as it is. */
export function withoutPort(endpoint: string): string {
  const [, inBrackets, v4] = /^\[(.*)\](?::\d+)?$|^(\d+(?:\.\d+){3}):\d+$/.exec(endpoint) ?? [];
  return inBrackets ?? v4 ?? endpoint;
}
