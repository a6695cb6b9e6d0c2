import { parseArgs } from "node:util";
import { percentile } from "../../../bench/support/alternate.ts";
import { describeMachine } from "../../../bench/support/describe-machine.ts";
import { chooseSetting, publishResults } from "../../../bench/support/publish-results.ts";
import { startTarget } from "./attack-target.ts";
import { ATTACKS } from "./attacks.ts";
import type { Felt } from "./quiet-client.ts";
import { type AttackReport, runAttack, type Usage } from "./run-attack.ts";

/*
 * `npm run attack`: `-- --only A2` makes only the attacks of that name or number, `--seconds 5` is the time of each. Exit code 1
 * if the other client got anything but 200 or had to wait, or if the server was not as before 5 s after.
 */

const SCALE = { connections: 10_000, records: 100_000, entities: 200 };
const BACK_WITHIN_MS = 5_000;
const WITHIN_MS = 100;
const MEMORY_GROWTH = 1.2;
/** Connections that idle, of the other client and of the attacker. */
const SPARE_DESCRIPTORS = 20;

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, seconds: { type: "string", default: "5" } },
});
const only = chooseSetting("only", values.only, "");
const seconds = Number(chooseSetting("seconds", values.seconds, "5"));
const names = Object.keys(ATTACKS).filter(
  (name) => only === "" || name.split(" ").includes(only) || name === only,
);
const server = await startTarget({ ...SCALE, ...(!names.includes("A10 document") && { entities: 0 }) });
try {
  const rows: string[] = [];
  let isHeld = true;
  for (const name of [undefined, ...names]) {
    const report = await runAttack(server, name, { seconds });
    rows.push(rowOf(name, report));
    console.log(rows.at(-1));
    isHeld &&= missesOf(report).length === 0;
  }
  const text = [
    "# What others feel of an attack",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${describeMachine()}.`,
    `Each attack lasts ${seconds} s and comes from one address, A11 from many. Attacker, server and the other client share`,
    "the machine. The other client gets one record of another workspace, on a kept connection and with a new connection each",
    "time. *Back*: from the end of the attack until the attacker's address is served. *After*: 5 s later. *Missed*: what was to",
    `hold and did not: only 200, p99 ≤ ${WITHIN_MS} ms, back within ${BACK_WITHIN_MS / 1000} s, memory ≤ ${MEMORY_GROWTH} × and descriptors as before.`,
    "",
    "| attack | the attacker got | others: requests/s | not 200 | p50 / p99 kept, ms | p50 / p99 new, ms | memory before, most, after, MiB | descriptors | disk, MiB | back, ms | missed |",
    "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...rows,
    "",
  ].join("\n");
  publishResults({ "attacks.md": text });
  console.log(text);
  process.exitCode = isHeld ? 0 : 1;
} finally {
  await server.stop();
}

function rowOf(name: string | undefined, report: AttackReport): string {
  const { outcomes, kept, fresh, memoryMib, descriptors, diskMib, backAfterMs, elapsedSeconds } = report;
  const got = Object.entries(outcomes).map(([outcome, count]) => `${count} × ${outcome}`);
  const requests = kept.latenciesMs.length + fresh.latenciesMs.length;
  const cells = [
    name === undefined ? "none" : `${name}: ${ATTACKS[name]?.what}`,
    got.join(", "),
    Math.round(requests / elapsedSeconds),
    failuresOf(report).length === 0 ? 0 : tally(failuresOf(report)),
    latencies(kept),
    latencies(fresh),
    usage(memoryMib),
    usage(descriptors),
    usage(diskMib),
    backAfterMs ?? "not within 30 s",
    missesOf(report).join(", ") || "nothing",
  ];
  return `| ${cells.join(" | ")} |`;
}

function missesOf(report: AttackReport): readonly string[] {
  const { kept, fresh, memoryMib, descriptors, backAfterMs = Number.POSITIVE_INFINITY } = report;
  const isSlow = ({ latenciesMs }: Felt) => percentile(latenciesMs, 99) > WITHIN_MS;
  return Object.entries({
    responses: failuresOf(report).length > 0,
    latency: isSlow(kept) || isSlow(fresh),
    back: backAfterMs > BACK_WITHIN_MS,
    memory: memoryMib.after > memoryMib.before * MEMORY_GROWTH,
    descriptors: descriptors.after > descriptors.before + SPARE_DESCRIPTORS,
  }).flatMap(([what, isMissed]) => (isMissed ? [what] : []));
}

function failuresOf({ kept, fresh }: AttackReport): readonly string[] {
  return [...kept.failures, ...fresh.failures];
}

function tally(failures: readonly string[]): string {
  const kinds = [...new Set(failures)];
  return kinds.map((kind) => `${failures.filter((failure) => failure === kind).length} × ${kind}`).join(", ");
}

function latencies({ latenciesMs }: Felt): string {
  return [50, 99].map((per) => percentile(latenciesMs, per).toFixed(1)).join(" / ");
}

function usage({ before, most, after }: Usage): string {
  return `${before}, ${most}, ${after}`;
}
