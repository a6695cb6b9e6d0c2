import { describeMachine } from "./describe-machine.ts";
import { median } from "./median.ts";
import { publishResults } from "./publish-results.ts";

export interface WebhookRound {
  /** The time of a create, without and with the triggers of a webhook. */
  readonly plainMs: number;
  readonly watchedMs: number;
  /** The time from the response of a create to the arrival of its message. */
  readonly deliveryMs: number;
  /** The time until the responsive endpoints have everything. */
  readonly afterWriteSeconds: number;
  readonly bySweepSeconds: number;
}

export interface WebhookLoad {
  readonly endpoints: number;
  readonly hanging: number;
  /** Deliveries of an endpoint. */
  readonly each: number;
}

/** Writes bench/results/webhooks.md and .json and returns the Markdown. */
export function writeWebhookReport(rounds: readonly WebhookRound[], load: WebhookLoad): string {
  const machine = describeMachine();
  const { endpoints, hanging, each } = load;
  const medianOf = (key: keyof WebhookRound) => median(rounds.map((round) => round[key])).toFixed(2);
  const text = [
    `# Webhooks: ${endpoints * each} deliveries to ${endpoints} endpoints, ${hanging} of which never answer`,
    "",
    `Machine: ${machine}; load generator, receiver, Worker and database share it.`,
    "",
    `| round | the other ${endpoints - hanging} after one bulk write, s | by the scheduled run, s | create without webhook, ms | with, ms | from its answer to the delivery, ms |`,
    "|---:|---:|---:|---:|---:|---:|",
    ...rounds.map((round, i) => rowOf(String(i + 1), (key) => round[key].toFixed(2))),
    rowOf("median", medianOf),
    "",
  ].join("\n");
  publishResults({
    "webhooks.md": text,
    "webhooks.json": `${JSON.stringify({ machine, ...load, rounds }, null, 2)}\n`,
  });
  return text;
}

function rowOf(name: string, cell: (key: keyof WebhookRound) => string): string {
  const keys = ["afterWriteSeconds", "bySweepSeconds", "plainMs", "watchedMs", "deliveryMs"] as const;
  return `| ${[name, ...keys.map(cell)].join(" | ")} |`;
}
