import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import type { adminKeys } from "../../db/tables/administrators.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { ServiceContext } from "../context.ts";

/** `lastUsedAt` is exact to 5 minutes. One write per key, isolate and this time is enough. */
const NOTE_EVERY_MS = 240_000;
/** The wait after a failed write: short enough to stay exact, long enough for a database in trouble. */
const RETRY_AFTER_MS = 15_000;
const NOTED_KEYS = 10_000;

/** Keys whose use need not be written until the given time. */
const noted = new LruMap<string, number>(NOTED_KEYS);

/** Whether to write the key's use now. It then counts as written. */
export function mustNoteUse(keyId: string, nowMs: number): boolean {
  if (nowMs < (noted.get(keyId) ?? nowMs)) return false;
  noted.set(keyId, nowMs + NOTE_EVERY_MS);
  return true;
}

/** Runs after the response, so it does not slow the request down. A failure is retried soon. */
export async function noteUse(
  { platform, now }: ServiceContext,
  keyId: string,
  table: typeof apiKeys | typeof adminKeys = apiKeys,
): Promise<void> {
  const lastUsedAt = now.toISOString();
  try {
    await platform.writeBatch([db.update(table).set({ lastUsedAt }).where(eq(table.id, keyId))]);
  } catch (failure) {
    noted.set(keyId, now.getTime() + RETRY_AFTER_MS);
    throw failure;
  }
}
