import type { Access } from "./access.ts";
import type { AccessMode } from "./access-mode.ts";
import type { Actor } from "./actor.ts";
import type { Catalog } from "./catalog.ts";
import type { Issuer } from "./issuer.ts";
import type { McpMode } from "./mcp-mode.ts";
import type { Role } from "./role.ts";
import type { WebhookCoverage } from "./webhook.ts";

/** The slugs by which a request names a workspace. */
export interface WorkspaceAddress {
  readonly organization: string;
  readonly workspace: string;
}

/** A workspace as stored. Times are ISO 8601 UTC. */
export interface Workspace {
  readonly id: number;
  readonly organization: string;
  readonly slug: string;
  readonly name: string;
  readonly accessMode: AccessMode;
  readonly maxExpandDepth: number | null;
  readonly corsAllowedOrigins: readonly string[] | null;
  readonly rateLimit: number | null;
  readonly mcpMode: McpMode;
  /** Public: rises by one with every schema change. */
  readonly schemaVersion: number;
  /** Private: rises with every change of the workspace or its schema. Caches are checked against it. */
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One revision of a workspace: its resolved schema, the events that its webhooks listen to, and whose users may sign in. */
export interface WorkspaceView {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  /** In order of creation. */
  readonly webhooks: readonly WebhookCoverage[];
  /** In order of name. */
  readonly issuers: readonly Issuer[];
  /** In order of name. */
  readonly roles: readonly Role[];
  /** Names the deployment. Ids of one deployment mean nothing in another. */
  readonly deployment: string;
}

/** The input of planning: the schema, the caller's rights, and the time. */
export interface PlanningView extends WorkspaceView {
  readonly actor: Actor;
  readonly access: Access;
  /** The time that rules use: the request's own, or that of the earlier request that it repeats. */
  readonly asOf: Date;
}
