import { hash } from "node:crypto";

/** Stands for src/lib/sha256.ts: a trip through the thread pool costs more than the rest of a read. */
export const sha256Hex = (content: string | ArrayBuffer): string =>
  hash("sha256", typeof content === "string" ? content : new Uint8Array(content));
