import type { Statement } from "../model/sql-value.ts";
import { requireSome } from "./write-guard.ts";

/*
 * The lease of a schema change. While it lasts, the request fence blocks all other writes to the workspace. It is short
 * and renewed with every step, so a Worker that dies does not block others for long.
 */

const LEASE_SECONDS = 30;

export interface Lease {
  readonly workspaceId: number;
  /** Only its holder knows it. */
  readonly token: string;
}

/** Takes the lease, in a transaction whose fence has found that nobody holds it. */
export const takeLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migration_token = ?, migrating_until = unixepoch() + ? WHERE id = ?",
  args: [token, LEASE_SECONDS, workspaceId],
});

/** Fails the transaction if the lease has expired. */
export const requireLease = ({ workspaceId, token }: Lease): Statement =>
  requireSome({
    sql: "SELECT 1 FROM workspaces WHERE id = ? AND migration_token = ? AND migrating_until > unixepoch()",
    args: [workspaceId, token],
  });

export const renewLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migrating_until = unixepoch() + ? WHERE id = ? AND migration_token = ?",
  args: [LEASE_SECONDS, workspaceId, token],
});

/** Releases the lease if it is still this one. */
export const releaseLease = ({ workspaceId, token }: Lease): Statement => ({
  sql: "UPDATE workspaces SET migration_token = NULL, migrating_until = NULL WHERE id = ? AND migration_token = ?",
  args: [workspaceId, token],
});
