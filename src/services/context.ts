import type { FenceContext } from "../fence/fence-context.ts";
import type { AdminKeyStore } from "../kv/admin-key-store.ts";
import type { Administrator } from "../model/administrator.ts";
import type { KeySets } from "../tokens/key-sets.ts";
import type { WebhookSettings } from "../webhooks/settings.ts";

type OfEveryRequest =
  | "database"
  | "platform"
  | "apiKeys"
  | "rates"
  | "meter"
  | "requestId"
  | "now"
  | "clientAddress";

/** The services of one request. */
export interface ServiceContext extends Pick<FenceContext, OfEveryRequest> {
  readonly webhooks: WebhookSettings;
  /** Signs user tokens; undefined if the deployment has no secret for them. */
  readonly tokenSecretKey: string | undefined;
  readonly adminKeys: AdminKeyStore;
  readonly keySets: KeySets;
  /** The administrator who calls the admin API; undefined otherwise. */
  readonly administrator?: Administrator;
}

/** A request that addresses a workspace. The caller is authenticated; the fence decides what they may do. */
export interface WorkspaceContext extends ServiceContext, FenceContext {}
