import type { Statement } from "../model/sql-value.ts";
import { requireSome } from "./write-guard.ts";

/*
 * The lease of a schema change: while it lasts, the request fence lets nobody else write to the workspace. It is short
 * and renewed with every step, so that the work of a Worker that died is not in anybody's way for long.
 */

const LEASE_SECONDS = 30;

export interface Lease {
  readonly workspaceId: number;
  /** Known to its holder only. */
  readonly token: string;
}

/** In a transaction whose fence has found that nobody holds it. */
export const takeLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migration_token = ?, migrating_until = unixepoch() + ? WHERE id = ?",
  args: [token, LEASE_SECONDS, workspaceId],
});

/** Fails the transaction when the lease has ended. */
export const requireLease = ({ workspaceId, token }: Lease): Statement =>
  requireSome({
    sql: "SELECT 1 FROM workspaces WHERE id = ? AND migration_token = ? AND migrating_until > unixepoch()",
    args: [workspaceId, token],
  });

export const renewLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migrating_until = unixepoch() + ? WHERE id = ? AND migration_token = ?",
  args: [LEASE_SECONDS, workspaceId, token],
});

/** Ends the lease if it is still this one. */
export const releaseLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migration_token = NULL, migrating_until = NULL WHERE id = ? AND migration_token = ?",
  args: [workspaceId, token],
});
