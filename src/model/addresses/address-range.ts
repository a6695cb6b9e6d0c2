import ipaddr from "ipaddr.js";

/* IPv4 and IPv6 addresses, and CIDR ranges. An IPv4 address mapped into IPv6 equals the IPv4 address. */

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/** As JSON Schema. The pattern of IPv6 ranges is looser than their check. */
export const ADDRESS_RANGE_SHAPE = {
  anyOf: [
    { format: "ipv4" },
    { format: "ipv6" },
    { pattern: `^(?:${OCTET}[.]){3}${OCTET}/(?:3[0-2]|[12]?[0-9])$` },
    { pattern: "^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]+/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])$" },
  ],
};

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  if (rest.length > 0 || !isAddress(address)) return false;
  if (bits === undefined) return true;
  return /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (address.includes(":") ? 128 : 32);
}

/** Whether the address is in any of the ranges. An invalid address is in none. */
export function isInRanges(address: string | undefined, ranges: readonly string[]): boolean {
  if (address === undefined || !isAddress(address)) return false;
  const given = ipaddr.process(address);
  return ranges.some((range) => {
    const [base = "", bits] = range.split("/");
    const start = ipaddr.process(base);
    if (start.kind() !== given.kind()) return false;
    const mapped = base.includes(":") && start.kind() === "ipv4" ? 96 : 0;
    return given.match(
      start,
      bits === undefined ? (start.kind() === "ipv4" ? 32 : 128) : Number(bits) - mapped,
    );
  });
}

/** The network that one party usually has alone: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  if (!isAddress(address)) return address;
  const given = ipaddr.process(address);
  return given instanceof ipaddr.IPv6 ? given.parts.slice(0, 4).join(":") : given.toString();
}

/** Dotted decimal with four parts, or IPv6 without a zone: the only unambiguous spellings. */
const isAddress = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes("%"));
