import { describeMachine } from "./describe-machine.ts";
import { median } from "./median.ts";
import { publishResults } from "./publish-results.ts";

const GOAL = 0.4;
const KEY_GOAL = 0.6;

/** Rows a second. */
export interface ImportRound {
  readonly imported: number;
  readonly direct: number;
  /** Rows with a reference, given as an id and by natural key. */
  readonly withIds: number;
  readonly withKeys: number;
}

/** Writes bench/results/import.md and .json and returns the Markdown. */
export function writeImportReport(
  rounds: readonly ImportRound[],
  { rows, concurrency }: { readonly rows: number; readonly concurrency: number },
): string {
  const machine = describeMachine();
  const ratio = median(rounds.map(({ imported, direct }) => imported / direct));
  const keyRatio = median(rounds.map(({ withKeys, withIds }) => withKeys / withIds));
  const text = [
    `# Import of ${rows} rows`,
    "",
    `Machine: ${machine}; importer, Worker and database share it. Rounds alternate; ${concurrency} requests at the same time in both ways.`,
    "",
    "| round | import, rows/s | @libsql/client, rows/s | ratio |",
    "|---:|---:|---:|---:|",
    ...rounds.map(
      ({ imported, direct }, i) =>
        `| ${i + 1} | ${imported} | ${direct} | ${(imported / direct).toFixed(2)} |`,
    ),
    "",
    `Median ratio ${ratio.toFixed(2)}, goal at least ${GOAL.toFixed(2)}.`,
    "",
    "The same rows with a reference to one of 1,000 records:",
    "",
    "| round | by natural key, rows/s | with ids, rows/s | ratio |",
    "|---:|---:|---:|---:|",
    ...rounds.map(
      ({ withKeys, withIds }, i) =>
        `| ${i + 1} | ${withKeys} | ${withIds} | ${(withKeys / withIds).toFixed(2)} |`,
    ),
    "",
    `Median ratio ${keyRatio.toFixed(2)}, goal at least ${KEY_GOAL.toFixed(2)}.`,
    "",
  ].join("\n");
  publishResults({
    "import.md": text,
    "import.json": `${JSON.stringify({ machine, rows, concurrency, rounds }, null, 2)}\n`,
  });
  return text;
}
