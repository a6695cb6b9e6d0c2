import { expect, it } from "vitest";
import { forwardedAddress } from "../../../src/model/addresses/forwarded-address.ts";

const PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48"];

it.each([
  ["203.0.113.5", [], "203.0.113.5"],
  ["1.1.1.1, 203.0.113.5", [], "203.0.113.5"],
  ["1.1.1.1, 203.0.113.5, 10.0.0.7", PROXIES, "203.0.113.5"],
  ["1.1.1.1,203.0.113.5 ,10.0.0.7, 10.9.0.1", PROXIES, "203.0.113.5"],
  ["10.0.0.1, 10.0.0.7", PROXIES, "10.0.0.1"],
  ["203.0.113.5:4711, 10.0.0.7:80", PROXIES, "203.0.113.5"],
  ["1.1.1.1, [2001:db8::1]:443, 2001:db8:ffff::2", PROXIES, "2001:db8::1"],
  ["1.1.1.1, 2001:db8::1", PROXIES, "2001:db8::1"],
  ["1.1.1.1, unknown, 10.0.0.7", PROXIES, "unknown"],
  ["", PROXIES, undefined],
  [undefined, PROXIES, undefined],
])("the client in %j behind the proxies %j is %j", (header, proxies, client) => {
  expect(forwardedAddress(header, proxies)).toBe(client);
});
