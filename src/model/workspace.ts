import type { AccessMode } from "./access-mode.ts";
import type { Catalog } from "./catalog.ts";
import type { McpMode } from "./mcp-mode.ts";
import type { WebhookCoverage } from "./webhook.ts";

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
  /** Private: rises with every change of the workspace or its schema; what caches are checked against. */
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A workspace, its resolved schema and what its webhooks listen to, of one revision. */
export interface WorkspaceView {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  /** In order of creation. */
  readonly webhooks: readonly WebhookCoverage[];
}
