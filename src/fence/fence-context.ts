import type { Platform } from "../db/platform.ts";
import type { AppError } from "../errors/app-error.ts";
import type { ApiKeyStore } from "../kv/api-key-store.ts";
import type { Database } from "../libsql/database.ts";
import type { Actor } from "../model/actor.ts";
import type { WorkspaceAddress, WorkspaceView } from "../model/workspace.ts";
import type { Rate, RateLimiter } from "../rates/rate-limiter.ts";

export interface Meter {
  /** Set once the request was counted. */
  rate?: Rate | undefined;
}

/** The fence's view of a request to a workspace. The caller is authenticated; the fence decides what they may do. */
export interface FenceContext {
  readonly database: Database;
  /** The same database through Drizzle, for the platform's tables. */
  readonly platform: Platform;
  readonly apiKeys: ApiKeyStore;
  readonly rates: RateLimiter;
  /** What the response needs to know. */
  readonly meter: Meter;
  /** The response's `X-Request-Id`. */
  readonly requestId: string;
  /** When the request arrived; one request has one time. */
  readonly now: Date;
  readonly actor: Actor;
  /** Set for an actor that the workspace's issuers and roles identify. */
  readonly identity?: Identity | undefined;
  readonly address: WorkspaceAddress;
  /** Set for requests through the MCP endpoint, which the workspace limits by `mcpMode` and origin. */
  readonly mcp?: { readonly origin: string | undefined };
  /** Set for a write with an Idempotency-Key. An error if the key is invalid or the body could not be read. */
  readonly idempotency?: Idempotency | AppError | undefined;
  /** The client's address; undefined if the platform does not know it. */
  clientAddress(): string | undefined;
}

/** The settings of a workspace that say who a caller is. */
export interface IdentifyingView extends Pick<WorkspaceView, "issuers" | "roles"> {
  readonly workspace: Pick<WorkspaceView["workspace"], "corsAllowedOrigins">;
}

/** The view that identified the actor, and who the actor is by another view. */
export interface Identity {
  readonly view: WorkspaceView;
  /** Throws UNAUTHORIZED, FORBIDDEN, SERVICE_UNAVAILABLE. */
  identify(view: IdentifyingView): Promise<Actor>;
}

export interface Idempotency {
  readonly request: IdempotentRequest;
  /** Set by the fence if the response is that of an earlier request. */
  isReplayed: boolean;
}

/** A request that must be done only once, however often it is sent. */
export interface IdempotentRequest {
  /** Each principal has its own Idempotency-Keys. For anonymous clients, a digest with their address. */
  readonly key: string;
  /** Differs if the method, path or body differ. */
  readonly fingerprint: string;
  readonly now: Date;
}
