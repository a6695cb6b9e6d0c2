import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { startSqld } from "./start-sqld.ts";

/*
 * `npm run test:libsql -- --sqld PATH [FILTER…]`: starts a libSQL server, runs the API suite, its properties and the fault
 * tests on it, and ends it. A test that needs a server of its own starts one. `TEST_LIBSQL_URL=http://… npm test` does
 * the same on a server that runs already.
 */
const FILTERS = ["test/api", "test/property", "test/fault", "test/unit/libsql"];

const { values, positionals } = parseArgs({ options: { sqld: { type: "string" } }, allowPositionals: true });
if (!values.sqld) throw new Error("Usage: npm run test:libsql -- --sqld PATH [FILTER…]");

const server = await startSqld(values.sqld);
const filters = positionals.length > 0 ? positionals : FILTERS;
const vitest = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...filters], {
  stdio: "inherit",
  env: { ...process.env, TEST_LIBSQL_URL: server.url, TEST_SQLD: values.sqld },
});
const [code] = await once(vitest, "exit");
await server.stop();
process.exit(code ?? 1);
