import { ne, or } from "drizzle-orm";
import { deployments } from "../../db/tables/platform.ts";
import type { KeptBudgets } from "../../model/kept-bytes.ts";
import type { ServiceContext } from "../context.ts";

/** Tells the database, whose triggers keep them, the budgets that the deployment has chosen. Throws SERVICE_UNAVAILABLE. */
export async function applyBudgets(
  { platform }: ServiceContext,
  { outboxBytes, idempotencyBytes }: KeptBudgets,
): Promise<void> {
  const { write } = platform;
  const chosen = { maxOutboxBytes: outboxBytes, maxIdempotencyBytes: idempotencyBytes };
  const isAnother = or(
    ne(deployments.maxOutboxBytes, outboxBytes),
    ne(deployments.maxIdempotencyBytes, idempotencyBytes),
  );
  await write.batch([write.update(deployments).set(chosen).where(isAnother)]);
}
