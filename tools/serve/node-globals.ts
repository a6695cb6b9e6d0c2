/* What Workers have and Node 24 lacks. */

interface BytesAsText {
  toHex(): string;
  toBase64(): string;
}

interface TextAsBytes {
  fromBase64(text: string): Uint8Array<ArrayBuffer>;
}

const bytes = Uint8Array.prototype as unknown as BytesAsText;
const texts = Uint8Array as unknown as TextAsBytes;

const bufferOf = (array: unknown): Buffer => Buffer.from(array as Uint8Array);

bytes.toHex ??= function toHex() {
  return bufferOf(this).toString("hex");
};
bytes.toBase64 ??= function toBase64() {
  return bufferOf(this).toString("base64");
};
/** Refuses what is not base64, as the standard does and Buffer does not. */
texts.fromBase64 ??= (text) => {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, "base64");
  if (byteLength !== Math.floor((text.replace(/=+$/, "").length * 3) / 4))
    throw new SyntaxError("not base64");
  return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
};
