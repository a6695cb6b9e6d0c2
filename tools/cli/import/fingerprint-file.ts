import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Tells one import from another: what the file holds, and how it is read. Reads the file once, in constant memory. */
export async function fingerprintFile(file: string, reading: readonly unknown[]): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(reading));
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
