import { parseArgs } from "node:util";
import { runRestarts } from "./run-restarts.ts";
import { startSqld } from "./start-sqld.ts";

/*
 * `npm run test:restarts -- --sqld PATH [--seconds 600] [--clients 16]`: load on a libSQL server that is restarted three
 * times. Exit code 1 when a write is lost or done twice.
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

const server = await startSqld(values.sqld);
try {
  const options = { seconds: Number(values.seconds), clients: Number(values.clients), restarts: RESTARTS };
  const { written, unanswered, lost, doubled, wrong } = await runRestarts(server, options);
  console.log(`${values.seconds} s, ${values.clients} clients, ${RESTARTS} restarts.`);
  console.log(
    `${written} writes answered, ${unanswered} not; ${lost.length} lost, ${doubled.length} doubled.`,
  );
  console.log(...wrong.slice(0, 10));
  process.exitCode = lost.length + doubled.length + wrong.length > 0 ? 1 : 0;
} finally {
  await server.stop();
}
