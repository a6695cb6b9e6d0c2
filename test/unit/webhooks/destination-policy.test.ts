import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationProblem } from "../../../src/webhooks/destination-policy.ts";

const STRICT = { allowsHttp: false, allowsPrivate: false };
const PRIVATE = "must not point to a private, local or reserved address";
const problemOf = (host: string) => destinationProblem(`https://${host}/hook`, STRICT);

type Octets = readonly [number, number, number, number];

/** Networks that no webhook may reach: first address, prefix length. */
const FORBIDDEN: readonly (readonly [Octets, number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[224, 0, 0, 0], 4],
  [[240, 0, 0, 0], 4],
];

const numberOf = ([a, b, c, d]: Octets) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
const octetsOf = (value: number): Octets => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

const forbiddenAddress = fc
  .tuple(fc.constantFrom(...FORBIDDEN), fc.nat(0xffffffff))
  .map(([[network, bits], random]) => (numberOf(network) | (random & (0xffffffff >>> bits))) >>> 0);

const isForbidden = (value: number) =>
  FORBIDDEN.some(([network, bits]) => value >>> (32 - bits) === numberOf(network) >>> (32 - bits));

/** Every way in which a URL may write an IPv4 address. */
const spellings: readonly ((value: number) => string)[] = [
  (value) => octetsOf(value).join("."),
  (value) => `${octetsOf(value).join(".")}.`,
  (value) => String(value),
  (value) => `0x${value.toString(16)}`,
  (value) => `0${value.toString(8)}`,
  (value) =>
    octetsOf(value)
      .map((octet) => `0x${octet.toString(16)}`)
      .join("."),
  (value) =>
    octetsOf(value)
      .map((octet) => `0${octet.toString(8)}`)
      .join("."),
  (value) => `${value >>> 24}.${value & 0xffffff}`,
  (value) => `${value >>> 24}.${(value >>> 16) & 255}.${value & 0xffff}`,
  (value) => octetsOf(value).join("%2e"),
  (value) => octetsOf(value).join("。"),
  (value) => `[::ffff:${octetsOf(value).join(".")}]`,
  (value) => `[0:0:0:0:0:ffff:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}]`,
  (value) => `[::${octetsOf(value).join(".")}]`,
  (value) => `[64:ff9b::${octetsOf(value).join(".")}]`,
  (value) => `[2002:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}::1]`,
];

describe("the destination policy", () => {
  it("refuses addresses of forbidden networks in every spelling, with any port", () => {
    fc.assert(
      fc.property(forbiddenAddress, fc.constantFrom(...spellings), fc.nat(65_535), (value, spell, port) => {
        expect(problemOf(`${spell(value)}:${port}`), spell(value)).toBe(PRIVATE);
      }),
      { numRuns: 2000 },
    );
  });

  it("lets other addresses through, unless they are reserved for documentation or special use", () => {
    const reserved = new Set([192, 198, 203]);
    const publicAddress = fc
      .nat(0xffffffff)
      .filter((value) => !isForbidden(value) && !reserved.has(value >>> 24));
    fc.assert(
      fc.property(publicAddress, fc.constantFrom(...spellings.slice(0, 9)), (value, spell) => {
        expect(problemOf(spell(value)), spell(value)).not.toBe("must be a valid URL");
        const isSpecial = [52, 192].includes(value >>> 24);
        if (!isSpecial) expect(problemOf(spell(value)), spell(value)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[fd00:ec2::254]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "api.localhost",
    "printer.local",
    "metadata.google.internal",
    "metadata.google.internal.",
    "x.internal",
    "router.home.arpa",
    "database",
    "127.1",
    "127.0.0.1..",
    "ⓛocalhost",
    "①27.0.0.1",
  ])("refuses %s", (host) => {
    expect(problemOf(host)).toMatch(/^must (?:not point to a private|be a valid URL)/);
  });

  it.each([
    "example.com",
    "example.com:8443",
    "1.1.1.1",
    "[2606:4700:4700::1111]",
    "[::ffff:1.1.1.1]",
    "localhost.example.com",
    "internal.example.com",
    "bücher.example",
  ])("lets %s through", (host) => {
    expect(problemOf(host)).toBeUndefined();
  });

  it.each([
    ["http://example.com/", "must be an https URL"],
    ["ftp://example.com/", "must be an https URL"],
    ["javascript:alert(1)", "must be an https URL"],
    ["https://user@example.com/", "must not contain credentials"],
    ["https://:secret@example.com/", "must not contain credentials"],
    ["example.com", "must be a valid URL"],
    ["https://", "must be a valid URL"],
    ["https://300.1.1.1/", "must be a valid URL"],
    [`https://example.com/${"x".repeat(2048)}`, "must be at most 2048 characters"],
  ])("says of %s that it %s", (url, message) => {
    expect(destinationProblem(url, STRICT)).toBe(message);
  });

  it("lets a deployment allow http and private addresses, each by itself", () => {
    const http = { allowsHttp: true, allowsPrivate: false };
    expect(destinationProblem("http://example.com/", http)).toBeUndefined();
    expect(destinationProblem("http://localhost/", http)).toBe(PRIVATE);
    expect(destinationProblem("ftp://example.com/", http)).toBe("must be an http or https URL");
    const local = { allowsHttp: false, allowsPrivate: true };
    expect(destinationProblem("https://localhost/", local)).toBeUndefined();
    expect(destinationProblem("http://localhost/", local)).toBe("must be an https URL");
  });
});
