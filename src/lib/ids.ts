import { v7 } from "uuid";
import { encodeBase62 } from "./base62.ts";

export const randomBytes = (count: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(count));

/** Random bytes as one big-endian integer. */
function randomInteger(bytes: number): bigint {
  let value = 0n;
  for (const byte of randomBytes(bytes)) value = (value << 8n) | BigInt(byte);
  return value;
}

export const newRequestId = (): string => crypto.randomUUID();

/** An id of a platform object, such as `key_4Hc…`: a prefix for its kind and 96 random bits in base 62. */
export const newId = (prefix: string): string => `${prefix}_${encodeBase62(randomInteger(12), 17)}`;

/** 256 random bits as 43 base-62 characters. */
export const newSecret = (): string => encodeBase62(randomInteger(32), 43);

/** A UUID of version 7 (RFC 9562), in lower case: later ones of an isolate sort after earlier ones. */
export const newUuidV7 = (): string => v7();
