import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { addCounts, type ImportCounts, NO_ROWS, succeededOf } from "./import-counts.ts";
import { ProgressBar } from "./progress.ts";
import type { RefusedRow } from "./read/source-row.ts";

/** The result of an import. Counts include earlier runs of it. */
export interface ImportSummary extends ImportCounts {
  readonly entity: string;
  /** The created, updated and unchanged rows; in a dry run, the valid ones. */
  readonly succeeded: number;
  /** The refused rows. */
  readonly failed: number;
  /** How many of them an earlier run of the import wrote. */
  readonly fromEarlierRuns: number;
  readonly errorsFile: string | null;
  readonly dryRun: boolean;
}

/** Counts rows, moves the progress bar, and writes refused rows to the errors file if there are any. */
export class ImportReport {
  /** How much has been read; the reader updates it. */
  bytes = 0;
  readonly #errorsFile: string;
  readonly #bar: ProgressBar;
  #errors: number | undefined;
  #counts: ImportCounts = NO_ROWS;
  #valid = 0;
  #fromEarlierRuns = 0;

  constructor(errorsFile: string, totalBytes: number) {
    this.#errorsFile = errorsFile;
    this.#bar = new ProgressBar(totalBytes);
  }

  readonly onRefused = (refused: RefusedRow): void => {
    this.#errors ??= openSync(this.#errorsFile, "w", 0o600);
    writeSync(this.#errors, `${JSON.stringify(refused)}\n`);
  };

  readonly onDone = ({ counts, isReplayed }: { counts: ImportCounts; isReplayed: boolean }): void => {
    this.#counts = addCounts(this.#counts, counts);
    if (isReplayed) this.#fromEarlierRuns += succeededOf(counts);
    this.#draw();
  };

  /** Counts a row of a dry run. */
  readonly onChecked = (isValid: boolean): void => {
    if (isValid) this.#valid++;
    else this.#counts = addCounts(this.#counts, { ...NO_ROWS, refused: 1 });
    this.#draw();
  };

  #draw(): void {
    const rows = this.#valid + succeededOf(this.#counts) + this.#counts.refused;
    this.#bar.draw({ bytes: this.bytes, rows });
  }

  /** `isWhole`: every row was read, so an errors file of earlier runs is out of date. */
  close({ isWhole }: { readonly isWhole: boolean }): void {
    this.#bar.clear();
    if (this.#errors !== undefined) closeSync(this.#errors);
    else if (isWhole) rmSync(this.#errorsFile, { force: true });
  }

  summary(entity: string, dryRun: boolean): ImportSummary {
    const counts = this.#counts;
    return {
      entity,
      ...counts,
      succeeded: this.#valid + succeededOf(counts),
      failed: counts.refused,
      fromEarlierRuns: this.#fromEarlierRuns,
      errorsFile: counts.refused > 0 ? this.#errorsFile : null,
      dryRun,
    };
  }
}

/** Describes the summary in sentences. */
export function describeSummary(summary: ImportSummary): string {
  const { entity, created, updated, unchanged, refused, succeeded, fromEarlierRuns, errorsFile } = summary;
  if (summary.dryRun) {
    const checked = `${entity}: ${succeeded} rows are valid, ${refused} are not. Nothing was written.`;
    const lines = [`${checked} Unique values and references were not checked.`];
    if (errorsFile) lines.push(`The rows that are not valid, and why: ${errorsFile}`);
    return lines.join("\n");
  }
  const lines = [
    `${entity}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused.`,
  ];
  if (fromEarlierRuns > 0) {
    lines.push(`An earlier run wrote ${fromEarlierRuns} of these rows; --again writes them once more.`);
  }
  if (errorsFile) {
    lines.push(
      `The refused rows, and why: ${errorsFile}`,
      `Correct them there, then: import ${entity} ${errorsFile} --from-errors`,
    );
    if (succeeded > 0) {
      lines.push("Do not import the whole file again after a change: its other rows are stored.");
    }
  }
  return lines.join("\n");
}
