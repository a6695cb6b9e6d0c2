import { sha256Hex } from "./sha256.ts";

export { sha256Hex };

/** Whether two texts are equal, in a time that does not depend on where they differ. */
export async function isEqualInConstantTime(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256Hex(left), sha256Hex(right)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** CRC-32 (IEEE 802.3) of a text, unsigned: of the low bytes of its UTF-16 units, which are the bytes of ASCII. */
export function crc32(text: string): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    remainder = (remainder >>> 8) ^ (CRC_TABLE[(remainder ^ text.charCodeAt(i)) & 0xff] ?? 0);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
