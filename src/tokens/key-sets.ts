import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from "jose";
import { KEY_SET_SECONDS, type KeySetStore, type StoredKeySet } from "../kv/key-set-store.ts";
import { sha256Hex } from "../lib/hashing.ts";
import { logWarning } from "../lib/logger.ts";
import { LruMap } from "../lib/lru-map.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { type DestinationPolicy, destinationProblem } from "../webhooks/destination-policy.ts";

/*
 * The public keys of identity providers (RFC 7517), cached per isolate and in KV. Known keys stay valid while their provider is
 * down.
 */

const FRESH_MS = 600_000;
/** How often a token with an unknown key may cause a new request. */
const ASK_AGAIN_MS = 30_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const SOURCES_PER_ISOLATE = 200;

export interface KeySource {
  /** Without a trailing slash, unless the issuer's name has one. */
  readonly issuer: string;
  /** Absent or null for the one that the issuer's OpenID configuration names. */
  readonly jwksUrl?: string | null | undefined;
}

export interface KeyNetwork {
  readonly policy: DestinationPolicy;
  /** The network without private addresses, if the runtime offers one. */
  readonly network?: Fetcher | undefined;
}

interface Known {
  readonly keys: LocalJWKSet;
  readonly content: string;
  /** When the content in KV was fetched. */
  readonly keptMs: number;
  /** When the provider may be asked again: for any token, and for one with an unknown key. */
  readonly freshUntilMs: number;
  readonly askAgainMs: number;
  /** Whether the provider has not responded to the last request, so it may have newer keys. */
  readonly isUnsure: boolean;
}

export class KeySets {
  readonly #known = new LruMap<string, Known>(SOURCES_PER_ISOLATE);
  /** When sources that did not respond, and have no known keys, may be asked again. */
  readonly #silentUntilMs = new LruMap<string, number>(SOURCES_PER_ISOLATE);
  readonly #network: KeyNetwork;
  readonly #store: KeySetStore | undefined;

  /** Without a store, an isolate starts with no keys. */
  constructor(network: KeyNetwork, store?: KeySetStore) {
    this.#network = network;
    this.#store = store;
  }

  /** The keys of a source. Throws an error that is not one of jose's if they are not available. */
  async find(source: KeySource, nowMs: number): Promise<LocalJWKSet> {
    const known = this.#known.get(nameOf(source)) ?? (await this.#recall(source, nowMs));
    if (!known) return this.#askFirst(source, nowMs);
    return nowMs < known.freshUntilMs
      ? known.keys
      : this.#askAgain(source, known, nowMs).catch(() => known.keys);
  }

  /**
   * The same as `find`, for a token whose key is not cached: requests the keys again, at most once in 30 s. Throws while the
   * provider does not respond, because the key may be a new one.
   */
  async findNewer(source: KeySource, nowMs: number): Promise<LocalJWKSet> {
    const known = this.#known.get(nameOf(source));
    if (!known) return this.#askFirst(source, nowMs);
    if (nowMs >= known.askAgainMs) return this.#askAgain(source, known, nowMs);
    if (known.isUnsure) throw notResponding();
    return known.keys;
  }

  /** No keys are known, so requests cannot wait for those of another request. A failure spares the provider for a while. */
  async #askFirst(source: KeySource, nowMs: number): Promise<LocalJWKSet> {
    const name = nameOf(source);
    if (nowMs < (this.#silentUntilMs.get(name) ?? 0)) throw notResponding();
    try {
      return await this.#ask(source, nowMs);
    } catch (failure) {
      this.#silentUntilMs.set(name, nowMs + ASK_AGAIN_MS);
      throw failure;
    }
  }

  /** Meanwhile, and for a while after a failure, other requests use the known keys. */
  async #askAgain(source: KeySource, known: Known, nowMs: number): Promise<LocalJWKSet> {
    const askAgainMs = nowMs + ASK_AGAIN_MS;
    this.#known.set(nameOf(source), { ...known, freshUntilMs: askAgainMs, askAgainMs, isUnsure: true });
    return this.#ask(source, nowMs, known);
  }

  async #ask(source: KeySource, nowMs: number, before?: Known): Promise<LocalJWKSet> {
    const url = source.jwksUrl ?? (await this.#discover(source.issuer));
    const content = JSON.stringify(await this.#get(url));
    const known = toKnown({ content, fetchedMs: nowMs });
    const isKept = before?.content === content && nowMs < before.keptMs + FRESH_MS;
    this.#known.set(nameOf(source), isKept ? { ...known, keptMs: before.keptMs } : known);
    if (!isKept) await this.#keep(source, { content, fetchedMs: nowMs });
    return known.keys;
  }

  async #recall(source: KeySource, nowMs: number): Promise<Known | undefined> {
    try {
      const stored = await this.#store?.find(await sha256Hex(nameOf(source)));
      if (!stored || nowMs > stored.fetchedMs + KEY_SET_SECONDS * 1000) return undefined;
      const known = toKnown(stored);
      this.#known.set(nameOf(source), known);
      return known;
    } catch (failure) {
      logWarning("KV could not be asked for the keys of an issuer", failure);
      return undefined;
    }
  }

  async #keep(source: KeySource, keySet: StoredKeySet): Promise<void> {
    await this.#store
      ?.put(await sha256Hex(nameOf(source)), keySet)
      .catch((failure) => logWarning("the keys of an issuer are not kept in KV", failure));
  }

  async #discover(issuer: string): Promise<string> {
    const found = await this.#get(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    if (found.issuer !== issuer || typeof found.jwks_uri !== "string")
      throw new Error("the OpenID configuration is of another issuer, or has no jwks_uri");
    return found.jwks_uri;
  }

  async #get(url: string): Promise<JsonObject> {
    const { policy, network } = this.#network;
    const problem = destinationProblem(url, policy);
    if (problem !== undefined) throw new Error(`the address of the keys ${problem}`);
    const request: RequestInit = {
      redirect: "manual",
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const response = await (network ? network.fetch(url, request) : fetch(url, request));
    const text = await readText(response);
    if (response.status !== 200) throw new Error(`the key provider returned ${response.status}`);
    const content: unknown = JSON.parse(text);
    if (!isJsonObject(content)) throw new Error("the key provider returned no object");
    return content;
  }
}

const notResponding = () => new Error("the key provider has not responded lately");

/** Throws an error that is not one of jose's, because those are about tokens. */
function toKnown({ content, fetchedMs }: StoredKeySet): Known {
  try {
    const keys = createLocalJWKSet(JSON.parse(content) as JSONWebKeySet);
    const times = {
      keptMs: fetchedMs,
      freshUntilMs: fetchedMs + FRESH_MS,
      askAgainMs: fetchedMs + ASK_AGAIN_MS,
    };
    return { keys, content, ...times, isUnsure: false };
  } catch (cause) {
    throw new Error("the key provider sent no key set", { cause });
  }
}

const nameOf = ({ issuer, jwksUrl }: KeySource) => JSON.stringify([issuer, jwksUrl ?? null]);

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error("the key provider sent too much");
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
