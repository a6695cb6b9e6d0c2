import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { RefusedRow } from "./cut-batches.ts";
import { ProgressBar } from "./progress.ts";

/** What an import comes to. */
export interface ImportSummary {
  readonly entity: string;
  /** Rows written, or found valid by a dry run; those of earlier runs included. */
  readonly succeeded: number;
  readonly failed: number;
  /** Of those that succeeded: written by an earlier run of the same import. */
  readonly fromEarlierRuns: number;
  readonly errorsFile: string | null;
  readonly dryRun: boolean;
}

/** Counts rows, moves the bar, and writes refused rows to a file that is there afterwards only when there are some. */
export class ImportReport {
  /** Read so far; kept up to date by whoever reads. */
  bytes = 0;
  readonly #errorsFile: string;
  readonly #bar: ProgressBar;
  #errors: number | undefined;
  #succeeded = 0;
  #failed = 0;
  #fromEarlierRuns = 0;

  constructor(errorsFile: string, totalBytes: number) {
    this.#errorsFile = errorsFile;
    this.#bar = new ProgressBar(totalBytes);
  }

  readonly onRefused = ({ line, row, error }: RefusedRow): void => {
    this.#errors ??= openSync(this.#errorsFile, "w", 0o600);
    writeSync(this.#errors, `${JSON.stringify({ line, row, error })}\n`);
  };

  readonly onDone = (counts: { succeeded: number; failed: number; isReplayed?: boolean }): void => {
    this.#succeeded += counts.succeeded;
    this.#failed += counts.failed;
    if (counts.isReplayed) this.#fromEarlierRuns += counts.succeeded;
    this.#bar.draw({ bytes: this.bytes, rows: this.#succeeded + this.#failed });
  };

  /** `isWhole`: every row has been seen, so that an errors file of earlier runs says nothing any more. */
  close({ isWhole }: { readonly isWhole: boolean }): void {
    this.#bar.clear();
    if (this.#errors !== undefined) closeSync(this.#errors);
    else if (isWhole) rmSync(this.#errorsFile, { force: true });
  }

  summary(entity: string, dryRun: boolean): ImportSummary {
    return {
      entity,
      succeeded: this.#succeeded,
      failed: this.#failed,
      fromEarlierRuns: this.#fromEarlierRuns,
      errorsFile: this.#failed > 0 ? this.#errorsFile : null,
      dryRun,
    };
  }
}

/** The summary for people. */
export function describeSummary(summary: ImportSummary): string {
  const { entity, succeeded, failed, fromEarlierRuns, errorsFile, dryRun } = summary;
  const lines = [
    dryRun
      ? `${entity}: ${succeeded} rows are valid, ${failed} are not. Nothing was written; unique values and references were not checked.`
      : `${entity}: ${succeeded} rows imported, ${failed} refused.`,
  ];
  if (fromEarlierRuns > 0)
    lines.push(
      `${fromEarlierRuns} of them were written by an earlier run; --again would write them once more.`,
    );
  if (errorsFile) lines.push(`Refused rows, and why: ${errorsFile}`);
  return lines.join("\n");
}
