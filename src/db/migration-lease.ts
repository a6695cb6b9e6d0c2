import { and, eq, sql } from "drizzle-orm";
import type { Statement } from "../model/sql-value.ts";
import { db, statementOf } from "./platform.ts";
import { workspaces } from "./tables/platform.ts";
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

const END_OF_LEASE = sql`unixepoch() + ${LEASE_SECONDS}`;

const isHeld = ({ workspaceId, token }: Lease) =>
  and(eq(workspaces.id, workspaceId), eq(workspaces.migrationToken, token));

/** Takes the lease, in a transaction whose fence has found that nobody holds it. */
export const takeLease = ({ workspaceId, token }: Lease): Statement => {
  const taken = { migrationToken: token, migratingUntil: END_OF_LEASE };
  return statementOf(db.update(workspaces).set(taken).where(eq(workspaces.id, workspaceId)));
};

/** Fails the transaction if the lease has expired. */
export const requireLease = (lease: Lease): Statement => {
  const isAlive = sql`${workspaces.migratingUntil} > unixepoch()`;
  const held = db.select({ id: workspaces.id }).from(workspaces);
  return requireSome(statementOf(held.where(and(isHeld(lease), isAlive))));
};

export const renewLease = (lease: Lease): Statement =>
  statementOf(db.update(workspaces).set({ migratingUntil: END_OF_LEASE }).where(isHeld(lease)));

/** Releases the lease if it is still this one. */
export const releaseLease = (lease: Lease): Statement =>
  statementOf(db.update(workspaces).set({ migrationToken: null, migratingUntil: null }).where(isHeld(lease)));
