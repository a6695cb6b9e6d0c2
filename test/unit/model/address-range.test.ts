import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { isAddressRange, isInRanges } from "../../../src/model/addresses/address-range.ts";

describe("a range of addresses is", () => {
  it.each([
    ...["10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32", "192.168.1.1"],
    ...["::", "::1", "1::", "2001:db8::/32", "1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"],
    ...["::ffff:10.0.0.1", "64:ff9b::1.2.3.4/96", "1:2:3:4:5:6:1.2.3.4", "FE80::Ab/0"],
  ])("%s", (text) => {
    expect(isAddressRange(text)).toBe(true);
  });

  it.each([
    ...[
      "",
      "10",
      "10.0.0",
      "10.0.0.256",
      "010.0.0.1",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/",
      "10.0.0.0/8/8",
    ],
    ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2:3:4:5:6:7:8", "12345::", "::g"],
    ...["::1/129", "::1/064", "::1%eth0", "::ffff:010.0.0.1", "::1.2.3", "1.2.3.4::", " ::1", "::1\n"],
  ])("not %j", (text) => {
    expect(isAddressRange(text)).toBe(false);
  });

  it("one that can be read, and contains its own first address", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, fc.nat(32), (text, bits) => {
        expect(ipaddr.isValid(text)).toBe(true);
        expect(isAddressRange(text)).toBe(true);
        expect(isInRanges(text, [text, `${text}/${bits}`])).toBe(true);
      }),
    );
  });

  it("decided as a library decides, except for leading zeros", () => {
    const part = fc.constantFrom(
      ":",
      "::",
      "0",
      "1",
      "ab",
      "FFFF",
      "12345",
      "g",
      "1.2.3.4",
      "256.1.1.1",
      ".",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 17 }), (parts) => {
        const text = parts.join("");
        fc.pre(!/(?:^|[:.])0\d+[.]|[.]0\d/.test(text));
        const isValid = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
        expect([text, isAddressRange(text)]).toEqual([text, isValid]);
      }),
      { numRuns: 5_000 },
    );
  });
});
