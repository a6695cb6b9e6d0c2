import { KV_CACHE_TTL_SECONDS, reach } from "./reach.ts";

/*
 * `jwks:{source}` → the public keys of an identity provider, as last fetched. So an isolate can start, and known keys stay
 * valid, while the provider is down.
 */
const PREFIX = "jwks:";
/** Older key sets are not trusted. */
export const KEY_SET_SECONDS = 86_400;

export interface StoredKeySet {
  /** The key set (RFC 7517) as JSON. */
  readonly content: string;
  readonly fetchedMs: number;
}

export interface KeySetStore {
  /** Throws SERVICE_UNAVAILABLE. */
  find(source: string): Promise<StoredKeySet | undefined>;
  put(source: string, keySet: StoredKeySet): Promise<void>;
}

/** `source` identifies where keys come from, in at most 256 bytes. */
export const openKeySetStore = (namespace: KVNamespace): KeySetStore => ({
  find: async (source) =>
    (await reach(() =>
      namespace.get<StoredKeySet>(PREFIX + source, { type: "json", cacheTtl: KV_CACHE_TTL_SECONDS }),
    )) ?? undefined,
  put: (source, keySet) =>
    reach(() => namespace.put(PREFIX + source, JSON.stringify(keySet), { expirationTtl: KEY_SET_SECONDS })),
});
