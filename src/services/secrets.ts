import { and, gt, inArray, isNull, or, type SQLWrapper, sql } from "drizzle-orm";
import { db } from "../db/platform.ts";
import type { adminKeySecrets } from "../db/tables/administrators.ts";
import type { apiKeySecrets } from "../db/tables/platform.ts";
import { sha256Hex } from "../lib/hashing.ts";
import { newSecret } from "../lib/ids.ts";
import { logWarning } from "../lib/logger.ts";
import { keyPrefixOf } from "../model/api-key.ts";

/*
 * A key has a current secret, and rotated ones until their grace period ends. API keys and admin keys rotate theirs in the
 * same way.
 */

export type SecretTable = typeof apiKeySecrets | typeof adminKeySecrets;

/** A new key, which only the response shows, and what the database stores of it. */
export async function newKey(compose: (secret: string) => string) {
  const key = compose(newSecret());
  return { key, hash: await sha256Hex(key), keyPrefix: keyPrefixOf(key) };
}

/** When a secret stops working that is replaced now. */
export const endOfGrace = (now: Date, gracePeriodSeconds: number): string =>
  new Date(now.getTime() + gracePeriodSeconds * 1000).toISOString();

interface NewSecret {
  /** Selects the id of the key. */
  readonly key: SQLWrapper;
  readonly hash: string;
  /** When older secrets end, unless they end earlier. */
  readonly endOfGrace: string;
}

/** Queries that replace the secret of a key. `add` fails with a NOT NULL constraint if there is no such key. */
export function replaceSecret(table: SecretTable, { key, hash, endOfGrace }: NewSecret) {
  const isLater = or(isNull(table.validUntil), gt(table.validUntil, endOfGrace));
  const isReplaced = and(inArray(table.keyId, key), isLater);
  return {
    /** The replaced secrets, if it runs before `end`. */
    replaced: db.select({ hash: table.hash, validUntil: table.validUntil }).from(table).where(isReplaced),
    end: db.update(table).set({ validUntil: endOfGrace }).where(isReplaced),
    add: db.insert(table).values({ hash, keyId: sql`(${key})` }),
  };
}

/** Waits for writes to KV. A failure is only logged: the fence enforces a change without KV. */
export async function settle(writes: readonly Promise<void>[], warning: string): Promise<void> {
  for (const result of await Promise.allSettled(writes))
    if (result.status === "rejected") logWarning(warning, result.reason);
}
