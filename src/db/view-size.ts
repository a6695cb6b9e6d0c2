import type { Statement } from "../model/sql-value.ts";
import { requireSome } from "./write-guard.ts";

/** A database response has at most 10 MB, and one response loads everything that requests need of a workspace. */
const MAX_VIEW_BYTES = 9_000_000;

const VIEW_BYTES = `(SELECT total(octet_length(definition)) FROM entities WHERE workspace_id = w.id)
  + (SELECT total(octet_length(scopes)) FROM roles WHERE workspace_id = w.id)
  + (SELECT total(octet_length(coalesce(entities, '') || coalesce(filter, '') || coalesce(expand, ''))) FROM webhooks WHERE workspace_id = w.id)`;

/** Fails the transaction if its changes make the workspace too large to be loaded. */
export const requireLoadable = (workspaceId: number): Statement =>
  requireSome({
    sql: `SELECT 1 FROM workspaces w WHERE w.id = ? AND ${VIEW_BYTES} <= ${MAX_VIEW_BYTES}`,
    args: [workspaceId],
  });
