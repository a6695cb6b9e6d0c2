import { hash } from "node:crypto";

/** Stands for src/lib/sha256.ts: a trip through the thread pool costs more than the rest of a read. */
export const sha256Hex = (content: string | Uint8Array): string => hash("sha256", content);
