import { createHash, timingSafeEqual } from "node:crypto";
import { httpError } from "../hrana/errors.ts";

/** A check of the Authorization header that takes the same time for every wrong token; throws HttpError 401. */
export function makeTokenCheck(token: string | undefined): (header: string | undefined) => void {
  if (token === undefined) return () => undefined;
  const expected = sha256(token);
  return (header) => {
    if (header === undefined) throw unauthorized("Expected authorization header but none given");
    const [, scheme, given] = /^(\S*) (.*)$/s.exec(header) ?? [];
    if (given === undefined) {
      throw unauthorized("Auth string does not conform to '<scheme> <token>' form");
    }
    if (scheme?.toLowerCase() !== "bearer") {
      throw unauthorized("The authentication scheme in the `Authorization` HTTP header is not supported");
    }
    if (!timingSafeEqual(sha256(given), expected)) throw unauthorized("The JWT is invalid");
  };
}

const unauthorized = (reason: string) => httpError(401, `Unauthorized: \`${reason}\``);

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
