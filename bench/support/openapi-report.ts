import { describeMachine } from "./describe-machine.ts";
import { median } from "./median.ts";
import { publishResults } from "./publish-results.ts";

const MIB = 2 ** 20;
const GOAL_MS = 250;

/** CPU milliseconds per request, except `bytes` and the time until the first document. */
export interface DocumentRound {
  readonly bytes: number;
  /** The first list after the schema change, which loads the catalog. */
  readonly firstListMs: number;
  readonly listBeforeMs: number;
  readonly firstMs: number;
  readonly firstElapsedMs: number;
  readonly cachedMs: number;
  readonly notModifiedMs: number;
  readonly listAfterMs: number;
}

const TITLES: Readonly<Record<Exclude<keyof DocumentRound, "bytes">, string>> = {
  firstListMs: "the first list after a schema change, which loads the catalog",
  listBeforeMs: "lists before anyone has asked for the document",
  firstMs: "the document, made",
  firstElapsedMs: "the same until it has arrived, elapsed",
  cachedMs: "the document, kept",
  notModifiedMs: "304 to its ETag",
  listAfterMs: "lists afterwards",
};

/** Writes bench/results/openapi.md and .json and returns the Markdown. */
export function writeOpenapiReport(
  rounds: readonly DocumentRound[],
  size: { readonly entities: number; readonly columns: number },
): string {
  const machine = describeMachine();
  const rows = Object.entries(TITLES).map(([key, title]) => {
    const values = rounds.map((round) => round[key as keyof DocumentRound]);
    const [first = 0] = values;
    return `| ${title} | ${first.toFixed(2)} | ${median(values).toFixed(2)} | ${Math.max(...values).toFixed(2)} |`;
  });
  const megabytes = (median(rounds.map(({ bytes }) => bytes)) / MIB).toFixed(1);
  const text = [
    `# OpenAPI document of ${size.entities} entities × ${size.columns} columns`,
    "",
    `Machine: ${machine}; client and database share it. ${rounds.length} rounds, a schema change before each. The document has ${megabytes} MiB. Goal: made within ${GOAL_MS} ms of CPU.`,
    "",
    "| CPU ms of workerd, a request | first round, cold | median | most |",
    "|---|---:|---:|---:|",
    ...rows,
    "",
  ].join("\n");
  publishResults({
    "openapi.md": text,
    "openapi.json": `${JSON.stringify({ machine, ...size, rounds }, null, 2)}\n`,
  });
  return text;
}
