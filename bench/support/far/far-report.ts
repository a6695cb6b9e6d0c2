import { describeMachine } from "../describe-machine.ts";
import { type FailedTarget, inCell } from "../peers/peers-report.ts";
import { ROUNDS } from "../peers/settings.ts";
import type { Target } from "../peers/target.ts";
import { publishResults } from "../publish-results.ts";
import { DELAY_MS, type FarOperation, type FarRow, LONGEST_ROUND_MS, REQUESTS } from "./measure-far.ts";

/** The p50 of each operation of ours, in round trips. */
const GOAL = 1.15;

export interface FarReport {
  readonly ours: readonly Target[];
  readonly peers: readonly Target[];
  readonly failed: readonly FailedTarget[];
  readonly measured: readonly FarOperation[];
}

/** Writes bench/results/far.md and .json and returns the Markdown. */
export function writeFarReport(report: FarReport): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = describeMachine();
  const { ours, failed, measured } = report;
  const names = new Set(ours.map(({ name }) => name));
  const text = [
    `# A database ${DELAY_MS} ms away`,
    "",
    `${date}. ${machine}; the client, the servers, the proxies and the databases share the machine. A proxy adds ${DELAY_MS} ms each way between a server and its database. One connection, ${ROUNDS} rounds of ${REQUESTS} requests of each target in turn, or of ${LONGEST_ROUND_MS / 1_000} s where they take longer. The round trip itself is \`SELECT 1\`, sent through the proxy on an open connection. Ratios are medians of the ratios of neighbouring rounds. Database requests are the median per operation, as the proxy counts them.`,
    "",
    ...describeTargets(report),
    `## Goal: a p50 of at most ${GOAL} round trips`,
    "",
    "| target | worst | where | reached |",
    "|---|---:|---|---|",
    ...ours.flatMap(({ name }) => goalRow(name, measured)),
    "",
    "## Operations",
    "",
    "| operation | target | p50 ms | p99 ms | p50 : round trip | database requests | goal |",
    "|---|---|---:|---:|---:|---:|---|",
    ...measured.flatMap(({ operation, rows }) => rows.map((row) => describeRow(operation, row, names))),
    "",
  ].join("\n");
  const json = {
    date,
    machine,
    delayMs: DELAY_MS,
    rounds: ROUNDS,
    requests: REQUESTS,
    goal: GOAL,
    failed,
    measured,
  };
  publishResults({ "far.md": text, "far.json": `${JSON.stringify(json, null, 2)}\n` });
  return text;
}

function describeTargets({ ours, peers, failed }: FarReport): readonly string[] {
  return [
    "| target | version | started as |",
    "|---|---|---|",
    ...[...ours, ...peers].map(({ name, version, start }) => `| ${name} | ${version} | ${start} |`),
    ...failed.map(({ name, reason }) => `| ${name} | — | **left out:** ${inCell(reason)} |`),
    "",
  ];
}

/** An operation without figures counts as not reached. */
function goalRow(name: string, measured: readonly FarOperation[]): readonly string[] {
  const found = measured.flatMap(({ operation, rows }) => {
    const row = rows.find((each) => each.name === name);
    return row ? [{ operation, roundTrips: row.figures?.roundTrips ?? Number.POSITIVE_INFINITY }] : [];
  });
  const [worst] = found.toSorted((a, b) => b.roundTrips - a.roundTrips);
  if (!worst) return [];
  const ratio = Number.isFinite(worst.roundTrips) ? `${worst.roundTrips.toFixed(2)} ×` : "not measured";
  const reached = found.filter(({ roundTrips }) => roundTrips <= GOAL).length;
  return [`| ${name} | ${ratio} | ${worst.operation} | ${reached} of ${found.length} |`];
}

function describeRow(operation: string, { name, figures, absence }: FarRow, ours: ReadonlySet<string>) {
  if (!figures) return `| ${operation} | ${name} | ${inCell(absence ?? "not measured")} | | | | |`;
  const { p50Ms, p99Ms, roundTrips, requests } = figures;
  const goal = roundTrips <= GOAL ? "reached" : "**missed**";
  const cells = [
    operation,
    name,
    p50Ms.toFixed(1),
    p99Ms?.toFixed(1) ?? "too few",
    roundTrips.toFixed(2),
    requests,
    ours.has(name) ? goal : "",
  ];
  return `| ${cells.join(" | ")} |`;
}
