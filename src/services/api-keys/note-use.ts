import { eq } from "drizzle-orm";
import type { adminKeys } from "../../db/tables/administrators.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { ServiceContext } from "../context.ts";

/** `lastUsedAt` is promised to within 5 minutes; one write a key, an isolate and this long keeps that. */
const NOTE_EVERY_MS = 240_000;
/** After a write that failed: soon enough for the promise, and seldom enough for a database in trouble. */
const RETRY_AFTER_MS = 15_000;
const NOTED_KEYS = 10_000;

/** Until when a key's use need not be written down. */
const noted = new LruMap<string, number>(NOTED_KEYS);

/** Whether the key's use has to be written down; then it counts as written. */
export function mustNoteUse(keyId: string, nowMs: number): boolean {
  if (nowMs < (noted.get(keyId) ?? nowMs)) return false;
  noted.set(keyId, nowMs + NOTE_EVERY_MS);
  return true;
}

/** After the answer, so that it costs the request nothing. What fails is to be tried again soon. */
export async function noteUse(
  { platform: { write }, now }: ServiceContext,
  keyId: string,
  table: typeof apiKeys | typeof adminKeys = apiKeys,
): Promise<void> {
  const lastUsedAt = now.toISOString();
  try {
    await write.batch([write.update(table).set({ lastUsedAt }).where(eq(table.id, keyId))]);
  } catch (failure) {
    noted.set(keyId, now.getTime() + RETRY_AFTER_MS);
    throw failure;
  }
}
