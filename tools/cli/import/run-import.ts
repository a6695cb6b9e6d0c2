import { matchKeyOf, type StoredRecords } from "./compare-records.ts";
import type { Batch } from "./cut-batches.ts";
import { importBatch } from "./import-batch.ts";
import type { ImportCounts } from "./import-counts.ts";
import type { BatchOutcome, ImportJournal } from "./import-journal.ts";
import { InOrder } from "./in-order.ts";
import type { RefusedRow } from "./read/source-row.ts";
import { type BatchTarget, batchKey } from "./send-batch.ts";
import { SendingPool } from "./sending-pool.ts";

export interface ImportRun {
  readonly batches: AsyncIterable<Batch>;
  readonly target: BatchTarget;
  readonly journal: ImportJournal;
  /** The most requests at the same time. */
  readonly concurrency: number;
  /** For an upsert: where to look up stored records. Rows with the same key are written in the file's order. */
  readonly stored: StoredRecords | undefined;
  /** Counts the records of the entity; undefined if the key may not read them. */
  countStored(): Promise<number | undefined>;
  /** Called in the file's order. */
  onRefused(row: RefusedRow): void;
  onDone(done: { readonly counts: ImportCounts; readonly isReplayed: boolean }): void;
}

/** Sends all batches that the journal does not list as done. Throws the error that stops the import. */
export async function runImport(run: ImportRun): Promise<void> {
  const pool = new SendingPool(run.concurrency);
  const outcomes = new InOrder<BatchOutcome>(({ refused }) => refused.forEach(run.onRefused));
  const conclude = (at: number, { outcome, isReplayed }: { outcome: BatchOutcome; isReplayed: boolean }) => {
    outcomes.put(at, outcome);
    run.onDone({ counts: outcome.counts, isReplayed });
  };
  let at = 0;
  try {
    for await (const batch of run.batches) {
      const place = at++;
      const known = run.journal.outcomeOf(batch.number, batchKey(run.target, batch, run.journal.identity));
      if (known) conclude(place, { outcome: known, isReplayed: true });
      else if (place === 0) conclude(place, await sendFirst(run, batch));
      else await pool.run(marksOf(run, batch), async () => conclude(place, await send(run, batch)));
    }
    await pool.end();
  } finally {
    await pool.settled();
    outcomes.flush();
  }
}

/**
 * Sends the first batch. If an earlier run stored it, but the entity has no records any more, then the rows were deleted
 * since: they are stored again.
 */
async function sendFirst(run: ImportRun, batch: Batch) {
  const result = await send(run, batch);
  if (!result.isReplayed || (await run.countStored()) !== 0) return result;
  run.journal.renew();
  return send(run, batch);
}

async function send(run: ImportRun, batch: Batch) {
  const { target, stored, journal } = run;
  journal.begin();
  const result = await importBatch({ target, stored, identity: journal.identity }, batch);
  journal.add(result.outcome);
  return result;
}

/** Returns the keys of a batch. Batches with a common key must not run at the same time. */
function marksOf({ stored }: ImportRun, { rows }: Batch): ReadonlySet<string> {
  return new Set(stored ? rows.map(({ record }) => matchKeyOf(record, stored)) : []);
}
