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

/** What every behaviour may use; made anew for each request. */
export interface ServiceContext extends Pick<FenceContext, OfEveryRequest> {
  readonly webhooks: WebhookSettings;
  /** Signs the tokens of users; undefined when the deployment has no secret for them. */
  readonly tokenSecretKey: string | undefined;
  readonly adminKeys: AdminKeyStore;
  readonly keySets: KeySets;
  /** Who asks the admin API; undefined for all other work. */
  readonly administrator?: Administrator;
}

/** A request that addresses a workspace. Who asks has been authenticated; the fence decides what they may do. */
export interface WorkspaceContext extends ServiceContext, FenceContext {}
