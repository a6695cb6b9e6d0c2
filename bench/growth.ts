import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { growColumns } from "./support/growth/columns.ts";
import { growEntities } from "./support/growth/entities.ts";
import { writeGrowthReport } from "./support/growth/growth-report.ts";
import { growRecords } from "./support/growth/records.ts";
import { growWorkspaces } from "./support/growth/workspaces.ts";
import { readNumber } from "./support/publish-results.ts";
import { startStack } from "./support/stack.ts";

/*
 * `npm run bench:growth`: latency of single requests as records, entities, columns and workspaces grow; one SVG each.
 * Environment: ROUNDS (100, requests of each kind), MAX_RECORDS (1000000).
 */
const ROUNDS = readNumber("ROUNDS", 100);
const MAX_RECORDS = readNumber("MAX_RECORDS", 1_000_000);

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-growth-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const stack = await startStack(join(directory, "shared"));
  const dimensions = [
    await growRecords(stack, { rounds: ROUNDS, maxRecords: MAX_RECORDS }),
    await growEntities(stack, ROUNDS),
    await growColumns(stack, ROUNDS),
    await growWorkspaces(directory, ROUNDS),
  ];
  console.log(writeGrowthReport(dimensions, ROUNDS));
  await endProcess(0);
});
