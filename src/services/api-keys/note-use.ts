import { eq } from "drizzle-orm";
import { apiKeys } from "../../db/tables/platform.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { ServiceContext } from "../context.ts";

/** `lastUsedAt` is promised to within 5 minutes; one write a key, an isolate and this long keeps that. */
const NOTE_EVERY_MS = 240_000;
const NOTED_KEYS = 10_000;

const noted = new LruMap<string, number>(NOTED_KEYS);

/** Whether the key's use has to be written down; then it counts as written. */
export function mustNoteUse(keyId: string, nowMs: number): boolean {
  const last = noted.get(keyId);
  if (last !== undefined && nowMs - last < NOTE_EVERY_MS) return false;
  noted.set(keyId, nowMs);
  return true;
}

/** After the answer, so that it costs the request nothing. */
export async function noteUse({ platform: { write }, now }: ServiceContext, keyId: string): Promise<void> {
  await write.batch([
    write.update(apiKeys).set({ lastUsedAt: now.toISOString() }).where(eq(apiKeys.id, keyId)),
  ]);
}
