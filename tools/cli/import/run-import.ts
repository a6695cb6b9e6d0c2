import type { Batch, Cut, RefusedRow } from "./cut-batches.ts";
import type { ImportJournal } from "./import-journal.ts";
import { type BatchTarget, batchKey, sendBatch } from "./send-batch.ts";
import { SendingPool } from "./sending-pool.ts";

export interface ImportRun {
  readonly cuts: AsyncIterable<Cut>;
  readonly target: BatchTarget;
  readonly journal: ImportJournal;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Fields that rows are matched on; rows with the same values are written in the file's order. */
  readonly upsertBy: readonly string[];
  onRefused(row: RefusedRow): void;
  onDone(counts: { readonly succeeded: number; readonly failed: number; readonly isReplayed: boolean }): void;
}

/** Sends all batches that the journal does not know as done. Throws what stops the import as a whole. */
export async function runImport(run: ImportRun): Promise<void> {
  const pool = new SendingPool(run.concurrency);
  try {
    for await (const cut of run.cuts) {
      if ("refused" in cut) {
        run.onRefused(cut.refused);
        run.onDone({ succeeded: 0, failed: 1, isReplayed: false });
        continue;
      }
      const key = batchKey(run.target, cut.batch, run.journal.identity);
      if (run.journal.isDone(cut.batch.lines[0] ?? 0, key)) continue;
      run.journal.begin();
      await pool.run(marksOf(cut.batch, run.upsertBy), () => importBatch(run, cut.batch, key));
    }
  } finally {
    await pool.end();
  }
}

async function importBatch(run: ImportRun, batch: Batch, key: string): Promise<void> {
  const { succeeded, refused, isReplayed } = await sendBatch(run.target, batch, key);
  run.journal.add({ line: batch.lines[0] ?? 0, key, succeeded, refused });
  for (const row of refused) run.onRefused(row);
  run.onDone({ succeeded, failed: refused.length, isReplayed });
}

/** What two batches must not share when they are under way at the same time. */
function marksOf({ records }: Batch, upsertBy: readonly string[]): ReadonlySet<string> {
  if (upsertBy.length === 0) return new Set();
  return new Set(records.map((record) => JSON.stringify(upsertBy.map((field) => record[field] ?? null))));
}
