import { LruMap } from "../lib/lru-map.ts";
import type { ApiKeyRecord } from "../model/api-key.ts";
import { KV_CACHE_TTL_SECONDS, reach } from "./reach.ts";

/*
 * Layout of the namespace: `key:{SHA-256 of the whole key, hex}` → ApiKeyRecord as JSON. The database is the source
 * of truth. The fence checks everything that is read here, so it may be cached for any time.
 */
const PREFIX = "key:";
const KEYS_PER_ISOLATE = 10_000;

const remembered = new LruMap<string, ApiKeyRecord>(KEYS_PER_ISOLATE);

export interface ApiKeyStore {
  /** Whether the isolate has cached the key, so that finding it costs nothing. */
  isRemembered(secretHash: string): boolean;
  /** Looks in the isolate's memory, then in KV. Undefined for unknown keys. Throws SERVICE_UNAVAILABLE. */
  find(secretHash: string): Promise<ApiKeyRecord | undefined>;
  put(secretHash: string, record: ApiKeyRecord): Promise<void>;
  delete(secretHash: string): Promise<void>;
  /** The secret hashes of all keys in KV, of every workspace. */
  list(): Promise<readonly string[]>;
  /** Throws SERVICE_UNAVAILABLE if KV does not respond. */
  ping(): Promise<void>;
  /** Caches in this isolate what the database has just returned. */
  remember(secretHash: string, record: ApiKeyRecord): void;
  /**
   * Drops the key from this isolate's cache. KV may still know it; the next request counts as one with an unknown key.
   */
  forget(secretHash: string): void;
}

export function openApiKeyStore(namespace: KVNamespace): ApiKeyStore {
  const store: ApiKeyStore = {
    isRemembered: (secretHash) => remembered.get(secretHash) !== undefined,
    async find(secretHash) {
      const known = remembered.get(secretHash);
      if (known) return known;
      const record = await reach(() =>
        namespace.get<ApiKeyRecord>(PREFIX + secretHash, { type: "json", cacheTtl: KV_CACHE_TTL_SECONDS }),
      );
      if (record) remembered.set(secretHash, record);
      return record ?? undefined;
    },
    async put(secretHash, record) {
      await reach(() => namespace.put(PREFIX + secretHash, JSON.stringify(record)));
      remembered.set(secretHash, record);
    },
    async delete(secretHash) {
      remembered.delete(secretHash);
      await reach(() => namespace.delete(PREFIX + secretHash));
    },
    async list() {
      const hashes: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await reach(() => namespace.list({ prefix: PREFIX, cursor: cursor ?? null }));
        hashes.push(...page.keys.map(({ name }) => name.slice(PREFIX.length)));
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor);
      return hashes;
    },
    async ping() {
      await reach(() => namespace.get(`${PREFIX}ping`));
    },
    remember: (secretHash, record) => remembered.set(secretHash, record),
    forget: (secretHash) => remembered.delete(secretHash),
  };
  return store;
}
