import { describeMachine } from "../describe-machine.ts";
import { median } from "../median.ts";
import { publishResults } from "../publish-results.ts";
import type { MeasuredOperation, MeasuredRound, MeasuredTarget } from "./measure-targets.ts";
import { isWrite, type OperationName } from "./operations.ts";
import { ROUNDS, SECONDS } from "./settings.ts";
import type { Target } from "./target.ts";

const MIB = 2 ** 20;
const GET_GOALS: Readonly<Record<string, number>> = { "hand-written Node server": 0.5 };
const LIST_GOAL = 0.8;
const WRITE_GOALS: Readonly<Record<string, number>> = { "hand-written Worker": 0.75 };
const OTHER_WRITE_GOAL = 0.7;
/** Targets without a goal. */
const NO_PEERS: ReadonlySet<string> = new Set(["empty exchange", "SchemaStack Edge, SYNC=full"]);
const PEER_GOALS: Readonly<Record<string, number>> = { Directus: 3, "bknd on workerd, D1": 3 };
/** The goal for in-process peers is to be faster. */
const OTHER_PEER_GOAL = 1;

export interface FailedTarget {
  readonly name: string;
  readonly reason: string;
}

export interface RoundTrips {
  readonly target: string;
  readonly operation: OperationName;
  readonly count: number;
}

export interface PeersReport {
  /** Name of the published files. */
  readonly file: string;
  readonly title: string;
  /** Ours first, then the hand-written one, then the others. */
  readonly targets: readonly Target[];
  readonly failed: readonly FailedTarget[];
  readonly measured: readonly MeasuredOperation[];
  readonly roundTrips: readonly RoundTrips[];
  readonly wrk: string;
}

/** Writes the report as Markdown and JSON to bench/results and returns the Markdown. */
export function writePeersReport(report: PeersReport): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${describeMachine()}, ${report.wrk.trim()}`;
  const text = [
    `# ${report.title}`,
    "",
    `${date}. ${machine}; the load generator, the servers and their databases share the machine. ${ROUNDS} rounds of ${SECONDS} s of each target in turn; medians. Ratios are medians of the ratios of neighbouring rounds. CPU is that of all processes of a target, its database included; memory is resident, after the round.`,
    "",
    ...describeTargets(report),
    ...describeGoals(report),
    ...report.measured.flatMap((operation) => describeOperation(operation, report.roundTrips)),
  ].join("\n");
  const targets = report.targets.map(({ name, version, start, installedBytes }) => {
    return { name, version, start, installedBytes };
  });
  const { file, ...measured } = report;
  const json = { date, machine, rounds: ROUNDS, seconds: SECONDS, ...measured, targets };
  publishResults({ [`${file}.md`]: `${text}\n`, [`${file}.json`]: `${JSON.stringify(json, null, 2)}\n` });
  return text;
}

function describeTargets({ targets, failed }: PeersReport): readonly string[] {
  return [
    "| target | version | started as | installed, MiB |",
    "|---|---|---|---:|",
    ...targets.map(({ name, version, start, installedBytes }) => {
      return `| ${name} | ${version} | ${start} | ${Math.round(installedBytes / MIB)} |`;
    }),
    ...failed.map(({ name, reason }) => `| ${name} | — | **left out:** ${inCell(reason)} | — |`),
    "",
  ];
}

/** A text in a cell of a Markdown table. */
export const inCell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");

/** The worst operation against each of the others. One that returned errors does not count as measured. */
function describeGoals({ targets, measured }: PeersReport): readonly string[] {
  const [, limit, ...others] = targets.map(({ name }) => name);
  if (limit === undefined) return [];
  const gets = measured.filter(({ operation }) => operation === "get by id");
  const lists = measured.filter(({ operation }) => operation.startsWith("list"));
  const writes = measured.filter(({ operation }) => isWrite(operation));
  const rows = [
    ...goalRow(limit, "get by id", GET_GOALS[limit] ?? LIST_GOAL, gets),
    ...goalRow(limit, "lists", LIST_GOAL, lists),
    ...goalRow(limit, "writes", WRITE_GOALS[limit] ?? OTHER_WRITE_GOAL, writes),
    ...others
      .filter((name) => !NO_PEERS.has(name))
      .flatMap((name) => goalRow(name, "all operations", PEER_GOALS[name] ?? OTHER_PEER_GOAL, measured)),
  ];
  return [
    "## Goals",
    "",
    "| ours against | in | at least | worst | where | reached | by the one written by hand |",
    "|---|---|---:|---:|---|---|---|",
    ...rows,
    "",
  ];
}

function goalRow(
  name: string,
  group: string,
  goal: number,
  measured: readonly MeasuredOperation[],
): readonly string[] {
  const ratios = measured.flatMap(({ operation, connections, targets }) => {
    const [ours, limit] = targets;
    const other = targets.find((target) => target.name === name);
    const ratio = ratioOf(ours, other);
    if (ratio === undefined) return [];
    return [
      {
        ratio,
        limit: other === limit ? undefined : ratioOf(limit, other),
        where: `${operation}, ${connections}`,
      },
    ];
  });
  const [worst] = ratios.toSorted((a, b) => a.ratio - b.ratio);
  if (!worst) return [];
  const reachedIn = (found: readonly (number | undefined)[]) => {
    const all = found.filter((ratio) => ratio !== undefined);
    return all.length === 0 ? "" : `${all.filter((ratio) => ratio >= goal).length} of ${all.length}`;
  };
  const cells = [
    name,
    group,
    `${goal} ×`,
    `${worst.ratio.toFixed(2)} ×`,
    worst.where,
    reachedIn(ratios.map(({ ratio }) => ratio)),
    reachedIn(ratios.map(({ limit }) => limit)),
  ];
  return [`| ${cells.join(" | ")} |`];
}

/** The ratio of requests per second; undefined if either was not measured, or completed hardly any. */
function ratioOf(one: MeasuredTarget | undefined, other: MeasuredTarget | undefined): number | undefined {
  const others = other?.rounds ?? [];
  if (others.some(({ requestsPerSecond }) => requestsPerSecond === 0)) return undefined;
  const ratios = (one?.rounds ?? []).flatMap(({ requestsPerSecond }, i) => {
    const facing = others[i];
    return facing ? [requestsPerSecond / facing.requestsPerSecond] : [];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

function describeOperation(
  { operation, connections, targets }: MeasuredOperation,
  roundTrips: readonly RoundTrips[],
): readonly string[] {
  const rows = targets.map((target) => {
    const { name, rounds, absence } = target;
    if (rounds.length === 0) return `| ${name} | ${inCell(absence ?? "not measured")} | | | | | | | |`;
    const middle = (figureOf: (round: MeasuredRound) => number) => median(rounds.map(figureOf));
    const ratio = ratioOf(targets[0], target)?.toFixed(2) ?? "";
    const trips =
      roundTrips.find((trip) => trip.target === name && trip.operation === operation)?.count ?? "";
    const cells = [
      name,
      Math.round(middle(({ requestsPerSecond }) => requestsPerSecond)),
      ratio,
      middle(({ p50Ms }) => p50Ms).toFixed(2),
      middle(({ p99Ms }) => p99Ms).toFixed(2),
      middle(({ cpuMsPerRequest }) => cpuMsPerRequest).toFixed(2),
      Math.round(Math.max(...rounds.map(({ residentBytes }) => residentBytes)) / MIB),
      trips,
      describeErrors(rounds),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `## ${operation}, ${connections} ${connections === 1 ? "connection" : "connections"}`,
    "",
    "| target | requests/s | ours : it | p50 ms | p99 ms | CPU ms a request | memory, MiB | database round trips | errors |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
    "",
  ];
}

function describeErrors(rounds: readonly MeasuredRound[]): string {
  const refused = rounds.reduce((sum, round) => sum + round.refused, 0);
  const broken = rounds.reduce((sum, round) => sum + round.broken, 0);
  if (refused + broken === 0) return "0";
  return `**${refused} refused, ${broken} broken**`;
}
