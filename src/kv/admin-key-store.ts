import { KV_CACHE_TTL_SECONDS, reach } from "./reach.ts";

/*
 * `admin-key:{SHA-256 of the whole key, hex}` → what the view `admin_key_facts` says of it. The database holds the truth, and is
 * asked where KV knows nothing.
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
