import { describeMachine } from "../../../bench/support/describe-machine.ts";
import { median } from "../../../bench/support/median.ts";
import { publishResults, readNumber } from "../../../bench/support/publish-results.ts";
import { pause } from "../../../src/lib/clock.ts";
import { serveWorker } from "../../../test/support/processes/served-workspace.ts";
import { residentMib } from "../process-usage.ts";
import { runLoad, type Sample } from "./run-load.ts";

/* `npm run load`: SECONDS (1,800) and CLIENTS (64) vary it. Exit code 1 after an error, or if memory has grown. */

/** How much more memory the last quarter may take than the second. */
const MOST_GROWTH = 1.1;
/** After the load, until what it has left is measured. */
const REST_MS = 5_000;

const seconds = readNumber("SECONDS", 1800);
const clients = readNumber("CLIENTS", 64);
const served = await serveWorker({ LOG_REQUESTS: "false" });
try {
  const onSample = ({ second, requests, memory }: Sample) =>
    console.log(`${second} s: ${requests} requests, ${memory} MiB`);
  const { requests, errors, samples } = await runLoad(served, { seconds, clients, onSample });
  const growth = growthOf(samples);
  await pause(REST_MS);
  const text = [
    `# ${seconds} s under load of ${clients} clients`,
    "",
    `${describeMachine()}, ${new Date().toISOString().slice(0, 10)}.`,
    `${requests} requests, ${Math.round(requests / seconds)} a second, ${errors.length} wrong answers.`,
    `Median memory of the last quarter to that of the second: ${growth}. ${REST_MS / 1000} s after the load: ${residentMib(served.pid)} MiB.`,
    "",
    "| second | requests | MiB |",
    "| ---: | ---: | ---: |",
    ...samples.map(({ second, requests: sent, memory }) => `| ${second} | ${sent} | ${memory} |`),
    "",
  ].join("\n");
  publishResults({ "load.md": text });
  console.log(text, ...errors);
  process.exitCode = errors.length > 0 || growth > MOST_GROWTH ? 1 : 0;
} finally {
  await served.stop();
}

function growthOf(samples: readonly Sample[]): number {
  const quarter = (n: number) => {
    const part = samples.slice((samples.length * n) / 4, (samples.length * (n + 1)) / 4);
    return median(part.map(({ memory }) => memory));
  };
  return Math.round((100 * quarter(3)) / quarter(1)) / 100;
}
