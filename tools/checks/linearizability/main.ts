import { describeMachine } from "../../../bench/support/describe-machine.ts";
import { publishResults, readNumber } from "../../../bench/support/publish-results.ts";
import { changes, isSlow } from "./changes.ts";
import { startTwoWorkers } from "./two-workers.ts";

/*
 * `npm run linearizability`: ROUNDS (500) of each change, a tenth of it for changes that wait for a clock. Exit code 1
 * after a contradiction.
 */

const rounds = readNumber("ROUNDS", 500);

const workers = await startTwoWorkers();
try {
  const rows: string[] = [];
  const wrong: string[] = [];
  const sum = { made: 0, judged: 0 };
  for (const [name, work] of Object.entries(changes)) {
    const result = await work(workers, Math.ceil(isSlow(name) ? rounds / 10 : rounds));
    rows.push(`| ${name} | ${result.changes} | ${result.judged} | ${result.wrong.length} |`);
    console.log(rows.at(-1));
    wrong.push(...result.wrong);
    sum.made += result.changes;
    sum.judged += result.judged;
  }
  const text = [
    "# Does what was answered to an admin hold from the next request on?",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${describeMachine()}.`,
    "Two Workers with caches and a KV of their own on one database, 32 clients at both. The answers that count are of",
    "requests which started after a change was answered and ended before the next one began.",
    "",
    "| change of | changes | answers judged | contradictions |",
    "| --- | ---: | ---: | ---: |",
    ...rows,
    `| all | ${sum.made} | ${sum.judged} | ${wrong.length} |`,
    "",
  ].join("\n");
  publishResults({ "linearizability.md": text });
  console.log(text, ...wrong.slice(0, 20));
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await workers.stop();
}
