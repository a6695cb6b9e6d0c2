import { KV_CACHE_TTL_SECONDS, reach } from "./reach.ts";

/*
 * `admin-key:{SHA-256 of the whole key, hex}` → the key's row of the view `admin_key_facts`. The database is the
 * source of truth, and is asked if KV does not know the key.
 */
const PREFIX = "admin-key:";

export interface AdminKeyStore {
  /** Throws SERVICE_UNAVAILABLE. */
  find(secretHash: string): Promise<string | undefined>;
  put(secretHash: string, facts: string): Promise<void>;
  delete(secretHash: string): Promise<void>;
}

export const openAdminKeyStore = (namespace: KVNamespace): AdminKeyStore => ({
  find: async (secretHash) =>
    (await reach(() => namespace.get(PREFIX + secretHash, { cacheTtl: KV_CACHE_TTL_SECONDS }))) ?? undefined,
  put: (secretHash, facts) => reach(() => namespace.put(PREFIX + secretHash, facts)),
  delete: (secretHash) => reach(() => namespace.delete(PREFIX + secretHash)),
});
