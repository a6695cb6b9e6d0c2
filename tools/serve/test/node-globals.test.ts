import { expect, it } from "vitest";
import "../node-globals.ts";

/* The methods are part of the language; the types of this project's version do not have them yet. */
const bytesOf = (...values: number[]) =>
  new Uint8Array(values) as unknown as { toBase64(options?: object): string; toHex(): string };
const { fromBase64 } = Uint8Array as unknown as {
  fromBase64(text: string, options?: object): Uint8Array;
};

it.each([
  [{}, "+/8="],
  [{ omitPadding: true }, "+/8"],
  [{ alphabet: "base64url" }, "-_8="],
  [{ alphabet: "base64url", omitPadding: true }, "-_8"],
])("writes base64 as the standard does, with %j", (options, text) => {
  expect(bytesOf(0xfb, 0xff).toBase64(options)).toBe(text);
  expect([...fromBase64(text, options)]).toEqual([0xfb, 0xff]);
});

it.each([
  ["-_8", {}],
  ["+/8", { alphabet: "base64url" }],
  ["a*bc", {}],
  ["äöüß", {}],
])("refuses %s as base64 with %j", (text, options) => {
  expect(() => fromBase64(text, options)).toThrow(SyntaxError);
});

it("writes bytes as hexadecimal digits", () => {
  expect(bytesOf(0, 15, 255).toHex()).toBe("000fff");
});
