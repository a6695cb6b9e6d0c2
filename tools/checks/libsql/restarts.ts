import { parseArgs } from "node:util";
import { describeMachine } from "../../../bench/support/describe-machine.ts";
import { chooseSetting, publishResults } from "../../../bench/support/publish-results.ts";
import { runRestarts } from "./run-restarts.ts";
import { startSqld } from "./start-sqld.ts";

/*
 * `npm run test:restarts -- --sqld PATH [--seconds 600] [--clients 16]`: load on a libSQL server that is restarted three
 * times. Writes bench/results/restarts.md. Exit code 1 when a write is lost or done twice.
 */
const RESTARTS = 3;

const { values } = parseArgs({
  options: {
    sqld: { type: "string" },
    seconds: { type: "string", default: "600" },
    clients: { type: "string", default: "16" },
  },
});
if (!values.sqld) throw new Error("Usage: npm run test:restarts -- --sqld PATH [--seconds N] [--clients N]");

const seconds = Number(chooseSetting("seconds", values.seconds, "600"));
const clients = Number(chooseSetting("clients", values.clients, "16"));
const server = await startSqld(values.sqld);
try {
  const options = { seconds, clients, restarts: RESTARTS };
  const { written, unanswered, lost, doubled, wrong } = await runRestarts(server, options);
  const text = [
    "# Does a write survive a libSQL server that is restarted under load?",
    "",
    `${describeMachine()}, ${new Date().toISOString().slice(0, 10)}.`,
    `${seconds} s, ${clients} clients, ${RESTARTS} restarts.`,
    "",
    `${written} writes answered, ${unanswered} not; ${lost.length} lost, ${doubled.length} doubled.`,
    "",
  ].join("\n");
  publishResults({ "restarts.md": text });
  console.log(text, ...wrong.slice(0, 10));
  process.exitCode = lost.length + doubled.length + wrong.length > 0 ? 1 : 0;
} finally {
  await server.stop();
}
