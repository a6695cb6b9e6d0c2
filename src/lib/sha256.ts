const encoder = new TextEncoder();

/**
 * Returns the SHA-256 of bytes, or of a text in UTF-8, as 64 lower-case hex digits. `npm run serve` replaces this file
 * by a synchronous version.
 */
export async function sha256Hex(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
