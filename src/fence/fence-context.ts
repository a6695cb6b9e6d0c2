import type { Platform } from "../db/platform.ts";
import type { AppError } from "../errors/app-error.ts";
import type { ApiKeyStore } from "../kv/api-key-store.ts";
import type { Database } from "../libsql/database.ts";
import type { Actor } from "../model/api-key.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import type { Rate, RateLimiter } from "../rates/rate-limiter.ts";

export interface Meter {
  /** Set when the request has been counted. */
  rate?: Rate | undefined;
}

/** What the fence knows of a request to a workspace. Who asks has been authenticated; what they may do is decided here. */
export interface FenceContext {
  readonly database: Database;
  /** The same database through Drizzle, for the platform's own tables. */
  readonly platform: Platform;
  readonly apiKeys: ApiKeyStore;
  readonly rates: RateLimiter;
  /** What becomes known of the request and belongs into its response. */
  readonly meter: Meter;
  /** That of the response's `X-Request-Id`. */
  readonly requestId: string;
  /** When the request arrived; one request has one time. */
  readonly now: Date;
  readonly actor: Actor;
  readonly address: WorkspaceAddress;
  /** Set when the request came through the MCP endpoint, which the workspace closes by `mcpMode` and by origin. */
  readonly mcp?: { readonly origin: string | undefined };
  /** Set for a write with an Idempotency-Key; an error when the key is invalid, or the body could not be read. */
  readonly idempotency?: Idempotency | AppError | undefined;
  /** The client's address; undefined when the platform does not tell it. */
  clientAddress(): string | undefined;
}

export interface Idempotency {
  readonly request: IdempotentRequest;
  /** Set by the fence when the response is that of an earlier request. */
  isReplayed: boolean;
}

/** A request that must be done once, however often it is sent. */
export interface IdempotentRequest {
  readonly apiKeyId: string;
  /** As the client sent it; keys are separate for each API key. */
  readonly key: string;
  /** Differs when method, path or body differ. */
  readonly fingerprint: string;
  readonly now: Date;
}
