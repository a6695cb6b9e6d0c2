import ipaddr from "ipaddr.js";

/* IPv4 and IPv6 addresses, and CIDR ranges. An IPv4 address mapped into IPv6 equals the IPv4 address. */

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
/** Four decimal parts without leading zeros, which some programs read as octal. */
const V4 = `(?:${OCTET}[.]){3}${OCTET}`;
const V6 = `(?:${formsOfV6().join("|")})`;

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. An IPv6 address has no zone. */
export const ADDRESS_RANGE = new RegExp(
  `^(?:${V4}(?:/(?:3[0-2]|[12]?[0-9]))?|${V6}(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$`,
);
const ADDRESS = new RegExp(`^(?:${V4}|${V6})$`);

/** The grammar of RFC 3986, section 3.2.2: `::` stands for at least one group of zeros. */
function formsOfV6(): readonly string[] {
  const group = "[0-9A-Fa-f]{1,4}";
  const low = `(?:${group}:${group}|${V4})`;
  const upTo = (count: number) => (count === 0 ? "" : `(?:(?:${group}:){0,${count - 1}}${group})?`);
  const shortened = [0, 1, 2, 3, 4, 5].map((count) => `${upTo(count)}::(?:${group}:){${5 - count}}${low}`);
  return [`(?:${group}:){6}${low}`, ...shortened, `${upTo(6)}::${group}`, `${upTo(7)}::`];
}

export const isAddressRange = (text: string): boolean => ADDRESS_RANGE.test(text);

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

const isAddress = (text: string): boolean => ADDRESS.test(text);
