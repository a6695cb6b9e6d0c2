import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from "jose";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { type DestinationPolicy, destinationProblem } from "../webhooks/destination-policy.ts";

/*
 * The public keys of identity providers (RFC 7517), cached per isolate. Known keys stay valid while their provider is
 * down.
 */

const FRESH_MS = 600_000;
/** How often a token with an unknown key may cause a new request. */
const ASK_AGAIN_MS = 30_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

export interface KeySource {
  /** Without a trailing slash, unless the issuer's name has one. */
  readonly issuer: string;
  /** Undefined for the one that the issuer's OpenID configuration names. */
  readonly jwksUrl?: string | undefined;
}

export interface KeyNetwork {
  readonly policy: DestinationPolicy;
  /** The network without private addresses, if the runtime offers one. */
  readonly network?: Fetcher | undefined;
}

interface Known {
  readonly keys: LocalJWKSet;
  readonly askedMs: number;
}

export class KeySets {
  readonly #known = new Map<string, Known>();
  readonly #network: KeyNetwork;

  constructor(network: KeyNetwork) {
    this.#network = network;
  }

  /** The keys of a source. Throws an error that is not one of jose's if they are not available. */
  async find(source: KeySource, nowMs: number): Promise<LocalJWKSet> {
    const known = this.#known.get(nameOf(source));
    if (!known) return this.#ask(source, nowMs);
    return nowMs < known.askedMs + FRESH_MS ? known.keys : this.#askAgain(source, known, nowMs);
  }

  /** The same as `find`, for a token whose key is not cached: requests the keys again, at most once in 30 s. */
  async findNewer(source: KeySource, nowMs: number): Promise<LocalJWKSet> {
    const known = this.#known.get(nameOf(source));
    if (known && nowMs < known.askedMs + ASK_AGAIN_MS) return known.keys;
    return known ? this.#askAgain(source, known, nowMs) : this.#ask(source, nowMs);
  }

  async #askAgain(source: KeySource, known: Known, nowMs: number): Promise<LocalJWKSet> {
    /* Set before the response, so that other requests do not ask meanwhile; reset after a failure, to retry soon. */
    this.#known.set(nameOf(source), { ...known, askedMs: nowMs });
    return this.#ask(source, nowMs).catch(() => {
      this.#known.set(nameOf(source), { ...known, askedMs: nowMs + ASK_AGAIN_MS - FRESH_MS });
      return known.keys;
    });
  }

  async #ask(source: KeySource, askedMs: number): Promise<LocalJWKSet> {
    const url = source.jwksUrl ?? (await this.#discover(source.issuer));
    const keys = toKeys(await this.#get(url));
    this.#known.set(nameOf(source), { keys, askedMs });
    return keys;
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

/** Throws an error that is not one of jose's, because those are about tokens. */
function toKeys(content: JsonObject): LocalJWKSet {
  try {
    return createLocalJWKSet(content as unknown as JSONWebKeySet);
  } catch (cause) {
    throw new Error("the key provider sent no key set", { cause });
  }
}

const nameOf = ({ issuer, jwksUrl = "" }: KeySource) => `${issuer} ${jwksUrl}`;

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
