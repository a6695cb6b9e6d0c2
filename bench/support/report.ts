import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { median, type Round } from "./measure.ts";

const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const GIB = 2 ** 30;

export interface Measured {
  readonly connections: number;
  /** Rounds by target, in the order they ran. */
  readonly rounds: Readonly<Record<string, readonly Round[]>>;
}

/** Writes bench/results/{name}.md and .json and returns the Markdown. The ratio is to the last target. */
export function writeReport(name: string, title: string, results: readonly Measured[]): string {
  const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${Math.round(totalmem() / GIB)} GiB, Node ${process.version}`;
  const header = [
    `# ${title}`,
    "",
    `Machine: ${machine}; load generator, Workers and database share it. Medians over alternating rounds.`,
    "",
    "| connections | Worker | requests/s | p50 ms | p99 ms | requests/s of the hand-written one |",
    "|---:|---|---:|---:|---:|---:|",
  ];
  const text = [...header, ...results.flatMap(describeRows), ""].join("\n");
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}/${name}.md`, text);
  writeFileSync(`${RESULTS}/${name}.json`, `${JSON.stringify({ title, machine, results }, null, 2)}\n`);
  return text;
}

function describeRows({ connections, rounds }: Measured): readonly string[] {
  const throughput = (all: readonly Round[]) => median(all.map(({ requestsPerSecond }) => requestsPerSecond));
  const baseline = throughput(Object.values(rounds).at(-1) ?? []);
  return Object.entries(rounds).map(([target, all]) => {
    const share = `${Math.round((100 * throughput(all)) / baseline)} %`;
    const p50 = median(all.map(({ p50Ms }) => p50Ms));
    const p99 = median(all.map(({ p99Ms }) => p99Ms));
    return `| ${connections} | ${target} | ${Math.round(throughput(all))} | ${p50} | ${p99} | ${share} |`;
  });
}
