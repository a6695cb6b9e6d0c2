import { createHash, timingSafeEqual } from "node:crypto";

/** A check of the Authorization header that takes the same time for every wrong token. */
export function makeTokenCheck(token: string | undefined): (header: string | undefined) => boolean {
  if (token === undefined) return () => true;
  const expected = sha256(`Bearer ${token}`);
  return (header) => header !== undefined && timingSafeEqual(sha256(header), expected);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
