import type { WorkspaceAddress } from "../db/catalog-store.ts";
import type { IdempotentRequest } from "../db/idempotency.ts";
import type { Platform } from "../db/platform.ts";
import type { AppError } from "../errors/app-error.ts";
import type { ApiKeyStore } from "../kv/api-key-store.ts";
import type { Database } from "../libsql/database.ts";
import type { Actor } from "../model/api-key.ts";
import type { Rate, RateLimiter } from "../rates/rate-limiter.ts";
import type { WebhookSettings } from "../webhooks/settings.ts";

export interface Meter {
  /** Set when the request has been counted. */
  rate?: Rate | undefined;
}

/** What every behaviour may use; made anew for each request. */
export interface ServiceContext {
  readonly database: Database;
  /** The same database through Drizzle, for the platform's own tables. */
  readonly platform: Platform;
  readonly apiKeys: ApiKeyStore;
  readonly rates: RateLimiter;
  /** What becomes known of the request and belongs into its answer. */
  readonly meter: Meter;
  /** That of the answer's `X-Request-Id`. */
  readonly requestId: string;
  readonly webhooks: WebhookSettings;
  /** When the request arrived; one request has one time. */
  readonly now: Date;
  /** Where the request comes from; undefined when the platform does not say. */
  clientAddress(): string | undefined;
}

/** A request that addresses a workspace. Who asks has been authenticated; the fence decides what they may do. */
export interface WorkspaceContext extends ServiceContext {
  readonly actor: Actor;
  readonly address: WorkspaceAddress;
  /** Set when the request came through the MCP endpoint, which its `mcpMode` may have closed. */
  readonly isMcp?: boolean;
  /** Of a write with an Idempotency-Key; an error when the key is none, or the body could not be read. */
  readonly idempotency?: Idempotency | AppError | undefined;
}

export interface Idempotency {
  readonly request: IdempotentRequest;
  /** Set when the answer is that of an earlier request. */
  isReplayed: boolean;
  /** When the earlier request with the key came, once it is known; rules that depend on the time are those of then. */
  asOf?: Date;
}
