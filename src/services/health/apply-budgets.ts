import { ne, or } from "drizzle-orm";
import { db, type Platform } from "../../db/platform.ts";
import { deployments } from "../../db/tables/platform.ts";
import type { KeptBudgets } from "../../model/kept-bytes.ts";

/** Stores the deployment's budgets in the database, whose triggers enforce them. Throws SERVICE_UNAVAILABLE. */
export async function applyBudgets(
  platform: Platform,
  { outboxBytes, idempotencyBytes }: KeptBudgets,
): Promise<void> {
  const chosen = { maxOutboxBytes: outboxBytes, maxIdempotencyBytes: idempotencyBytes };
  const isAnother = or(
    ne(deployments.maxOutboxBytes, outboxBytes),
    ne(deployments.maxIdempotencyBytes, idempotencyBytes),
  );
  await platform.writeBatch([db.update(deployments).set(chosen).where(isAnother)]);
}
