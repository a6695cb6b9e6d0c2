/* What Workers have and Node 24 lacks: https://tc39.es/proposal-arraybuffer-base64. `jose` uses it too, with options. */

interface Base64Options {
  readonly alphabet?: "base64" | "base64url";
  readonly omitPadding?: boolean;
}

interface BytesAsText {
  toHex(): string;
  toBase64(options?: Base64Options): string;
}

interface TextAsBytes {
  fromBase64(text: string, options?: Base64Options): Uint8Array<ArrayBuffer>;
}

const bytes = Uint8Array.prototype as unknown as BytesAsText;
const texts = Uint8Array as unknown as TextAsBytes;

const bufferOf = (array: unknown): Buffer => Buffer.from(array as Uint8Array);

bytes.toHex ??= function toHex() {
  return bufferOf(this).toString("hex");
};
bytes.toBase64 ??= function toBase64({ alphabet = "base64", omitPadding = false } = {}) {
  const text = bufferOf(this).toString(alphabet).replace(/=+$/, "");
  return omitPadding ? text : text.padEnd(Math.ceil(text.length / 4) * 4, "=");
};
/** Refuses what is not base64, as the standard does and Buffer does not. */
texts.fromBase64 ??= (text, { alphabet = "base64" } = {}) => {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, alphabet);
  const expected = Math.floor((text.replace(/=+$/, "").length * 3) / 4);
  if (byteLength !== expected || (alphabet === "base64" ? /[-_]/ : /[+/]/).test(text))
    throw new SyntaxError("not base64");
  return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
};
