import { currentMillis } from "../lib/clock.ts";
import type { Database } from "../libsql/database.ts";
import type { Statement } from "../model/sql-value.ts";

/** Rows that one transaction removes. Other writers wait for it. */
const CHUNK_ROWS = 1000;
/**
 * Chunks of one run. Each is a request, and deliveries need most of an invocation's requests
 * (services/webhooks/deliver.ts).
 */
const MAX_CHUNKS = 20;
/** No chunk starts after this time, so that runs hardly overlap. */
const RUN_MS = 40_000;

const COUNT_REMOVED: Statement = { sql: "SELECT changes()", args: [] };

/**
 * Removes the rows that `deletionOf` selects, in chunks, until none are left or the run has to end. The next run
 * removes the rest. Throws SqlFailure, SERVICE_UNAVAILABLE.
 */
export async function removeInChunks(
  database: Database,
  deletionOf: (maxRows: number) => Statement,
): Promise<void> {
  const deadline = currentMillis() + RUN_MS;
  for (let chunk = 0; chunk < MAX_CHUNKS && currentMillis() < deadline; chunk++) {
    const [, count] = await database.write([deletionOf(CHUNK_ROWS), COUNT_REMOVED]);
    if (Number(count?.[0]?.[0]) < CHUNK_ROWS) return;
  }
}
