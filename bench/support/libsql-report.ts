import { publishResults } from "./publish-results.ts";

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

/** Writes bench/results/libsql.md and returns its text. */
export function writeLibsqlReport(measures: readonly LibsqlMeasure[], machine: string): string {
  const rows = measures.map((measure) => {
    const { operation, connections, others, target, requestsPerSecond, p50Ms, p99Ms, failed } = measure;
    const cells = [Math.round(requestsPerSecond), p50Ms.toFixed(1), p99Ms.toFixed(1), failed];
    return `| ${operation} | ${connections} | ${others} | ${target} | ${cells.join(" | ")} |`;
  });
  const text = [
    "# On a libSQL server",
    "",
    `${machine}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}. Load generator, Workers and libSQL server`,
    "share the machine. Medians of alternating rounds.",
    "",
    "| operation | connections | other entities | target | requests/s | p50 ms | p99 ms | failed |",
    "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
  publishResults({ "libsql.md": text });
  return text;
}
