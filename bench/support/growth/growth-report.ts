import { describeMachine } from "../describe-machine.ts";
import { publishResults } from "../publish-results.ts";
import { drawChart } from "./chart.ts";
import type { Dimension } from "./dimension.ts";

/** Writes bench/results/growth.md, growth.json and growth-{dimension}.svg and returns the Markdown. */
export function writeGrowthReport(dimensions: readonly Dimension[], rounds: number): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = describeMachine();
  const text = [
    "# Latency as everything grows",
    "",
    `${date}. ${machine}; clients, Workers and databases share it. ${rounds} requests of each kind, one at a time, all sizes in turn; medians, and 95th percentiles behind the stroke, in ms.`,
    "",
    ...dimensions.flatMap(describeDimension),
  ].join("\n");
  const charts = dimensions.map((dimension) => [`growth-${dimension.name}.svg`, draw(dimension)]);
  publishResults({
    ...Object.fromEntries(charts),
    "growth.md": text,
    "growth.json": `${JSON.stringify({ date, machine, rounds, dimensions }, null, 2)}\n`,
  });
  return text;
}

function draw({ title, xLabel, lines }: Dimension): string {
  const drawn = lines.map(({ operation, points }) => {
    return { name: operation, points: points.map(({ x, p50Ms }) => ({ x, y: p50Ms })) };
  });
  return drawChart({ title, xLabel, yLabel: "median, ms", lines: drawn });
}

function describeDimension({ name, title, lines }: Dimension): readonly string[] {
  const sizes = lines[0]?.points.map(({ x }) => x.toLocaleString("en")) ?? [];
  const rows = lines.map(({ operation, points }) => {
    const cells = points.map(({ p50Ms, p95Ms }) => `${p50Ms.toFixed(2)} / ${p95Ms.toFixed(2)}`);
    const ratio = (points.at(-1)?.p50Ms ?? 0) / (points[0]?.p50Ms ?? 1);
    return `| ${[operation, ...cells, ratio.toFixed(2)].join(" | ")} |`;
  });
  return [
    `## ${title}`,
    "",
    `![${title}](growth-${name}.svg)`,
    "",
    `| | ${sizes.join(" | ")} | last : first |`,
    `|---|${"---:|".repeat(sizes.length + 1)}`,
    ...rows,
    "",
  ];
}
