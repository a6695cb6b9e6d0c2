import { publishResults } from "../publish-results.ts";

export const KEPT = "kept streams (32)";
/** The same on a server without other entities. */
export const ALONE = "kept streams (32), no other entities";
export const NO_STREAMS = "no streams";
export const HAND_WRITTEN = "hand-written Worker";

export interface LibsqlMeasure {
  readonly target: string;
  readonly operation: string;
  readonly connections: number;
  /** Entities of other workspaces in the database. */
  readonly others: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

export interface LibsqlRun {
  readonly machine: string;
  /** Tables, indexes and triggers of an entity of the measured workspace, on average. */
  readonly objectsPerEntity: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Writes bench/results/libsql.md and returns its text. */
export function writeLibsqlReport(measures: readonly LibsqlMeasure[], run: LibsqlRun): string {
  const { machine, objectsPerEntity, rounds, seconds } = run;
  const rows = measures.map((measure) => {
    const { operation, connections, others, target, requestsPerSecond, p50Ms, p99Ms, failed } = measure;
    const cells = [Math.round(requestsPerSecond), p50Ms.toFixed(1), p99Ms.toFixed(1), failed];
    const known = target === ALONE ? 0 : others;
    return `| ${operation} | ${connections} | ${known.toLocaleString("en")} | ${target} | ${cells.join(" | ")} |`;
  });
  const text = [
    "# On a libSQL server",
    "",
    `${machine}, ${new Date().toISOString().slice(0, 10)}. Load generator, Workers and libSQL server`,
    `share the machine. Medians of ${rounds} alternating rounds of ${seconds} s. The hand-written Worker opens a stream for each`,
    "request, as the official clients do; so do we with no streams.",
    "",
    "## In short",
    "",
    ...summarize(measures),
    `- An entity has ${objectsPerEntity.toFixed(1)} schema objects: its table, indexes and triggers.`,
    "",
    "[restarts.md](restarts.md) says what happens to writes while the server is restarted.",
    "",
    "## All measurements",
    "",
    "| operation | connections | other entities | target | requests/s | p50 ms | p99 ms | failed |",
    "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
  publishResults({ "libsql.md": text });
  return text;
}

/** The figures that kept streams are there for. */
function summarize(measures: readonly LibsqlMeasure[]): readonly string[] {
  const [first] = measures;
  const most = Math.max(...measures.map(({ others }) => others));
  const find = (target: string, connections: number, others: number) =>
    measures.find((each) => {
      const isRead = each.operation === first?.operation;
      return isRead && each.target === target && each.connections === connections && each.others === others;
    });
  const ratio = (
    measure: "requestsPerSecond" | "p50Ms",
    one: LibsqlMeasure | undefined,
    other: LibsqlMeasure | undefined,
  ) => ((one?.[measure] ?? 0) / (other?.[measure] ?? 0)).toFixed(2);
  const isKeptRead = ({ target, operation }: LibsqlMeasure) =>
    target === KEPT && /^(?:get|20)/.test(operation);
  const tails = measures.filter(isKeptRead).filter(({ operation }) => !operation.includes("schema change"));
  const longest = Math.max(...tails.map(({ p99Ms, p50Ms }) => p99Ms / p50Ms));
  const growth = (connections: number) =>
    ratio("p50Ms", find(KEPT, connections, most), find(ALONE, connections, most));
  const perSecond = (target: string) => ratio("requestsPerSecond", find(KEPT, 32, 0), find(target, 32, 0));
  const crowded = (target: string) =>
    Math.round(find(target, 32, most)?.requestsPerSecond ?? 0).toLocaleString("en");
  const atMost = most.toLocaleString("en");
  return [
    `- Get by id with ${atMost} other entities takes ${growth(1)} × as long as with none at 1 connection, ${growth(32)} × at 32 (p50).`,
    `- Get by id at 32 connections: ${perSecond(NO_STREAMS)} × the requests/s of no streams and ${perSecond(HAND_WRITTEN)} × those of the`,
    `  hand-written Worker; with ${atMost} other entities, ${crowded(KEPT)} requests/s instead of ${crowded(NO_STREAMS)} and ${crowded(HAND_WRITTEN)}.`,
    `- The p99 of reads is at most ${longest.toFixed(1)} × their p50.`,
  ];
}
