import { type Fate, fatesOf, type StoredRecords } from "./compare-records.ts";
import type { Batch, BatchRow } from "./cut-batches.ts";
import { type ImportCounts, NO_ROWS } from "./import-counts.ts";
import type { BatchOutcome } from "./import-journal.ts";
import type { RefusedRow } from "./read/source-row.ts";
import { type BatchTarget, batchKey, sendRows } from "./send-batch.ts";

export interface BatchRun {
  readonly target: BatchTarget;
  /** For an upsert: where to look up stored records. */
  readonly stored: StoredRecords | undefined;
  /** Goes into every Idempotency-Key of the import. */
  readonly identity: string;
}

export interface BatchResult {
  readonly outcome: BatchOutcome;
  /** Whether an earlier run wrote the batch. */
  readonly isReplayed: boolean;
}

/** Sends the rows of a batch that need sending. Throws as ApiClient.send. */
export async function importBatch(run: BatchRun, batch: Batch): Promise<BatchResult> {
  const key = batchKey(run.target, batch, run.identity);
  const sendable = batch.rows.filter(({ error }) => !error);
  const fates = run.stored && (await fatesOf(run.stored, sendable));
  const sent = sendable.filter((_, i) => fates?.[i] !== "unchanged");
  const isWhole = sent.length === batch.rows.length;
  const answer =
    sent.length === 0
      ? { errors: new Map(), isReplayed: false }
      : await sendRows(
          run.target,
          sent,
          isWhole ? key : batchKey(run.target, { ...batch, rows: sent }, run.identity),
        );
  const counts: Record<keyof ImportCounts, number> = { ...NO_ROWS };
  const refused: RefusedRow[] = [];
  const fateOf = (row: BatchRow): Fate => {
    const known = fates?.[sendable.indexOf(row)];
    return known ?? (run.stored ? "updated" : "created");
  };
  for (const row of batch.rows) {
    const error = row.error ?? answer.errors.get(sent.indexOf(row));
    if (error) {
      const { record, text: _, error: _own, ...place } = row;
      refused.push({ ...place, row: record, error });
    }
    counts[error ? "refused" : fateOf(row)]++;
  }
  return { outcome: { number: batch.number, key, counts, refused }, isReplayed: answer.isReplayed };
}
