import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { anyRecord, columnValues } from "../support/column-values.ts";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* A table is the same after export and import, whatever it contains, in every format. */

const RECORDS = 100;
const columns = [
  { name: "code", type: "VARCHAR", nullable: false, unique: true },
  ...columnValues.map(({ definition }) => definition),
];

let served: Served;
let directory = "";
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-round-trip-"));
  const names = ["Every", "Csv", "RawCsv", "Ndjson", "Json", "Matched", "MatchedNdjson"];
  w = await makeServedWorkspace(served.baseUrl, ...names.map((name) => ({ name, columns })));
  const rows = fc.sample(anyRecord, RECORDS).map((record, i) => ({ code: `c${i}`, ...record }));
  const api = createApiClient(served.baseUrl, w.key);
  await api.require("POST", `${w.path}/Every/bulk`, rows);
  expect(await w.records("Every")).toHaveLength(RECORDS);
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function cli(...args: readonly string[]) {
  const outcome = await startCli(args, environmentOf(served.baseUrl, w)).ended;
  expect(outcome).toMatchObject({ code: 0 });
  return outcome.stdout;
}

const fileOf = (name: string) => join(directory, name);

describe("a table", () => {
  it.each([
    ["Csv", "csv", [], ["--unescape-formulas"]],
    ["RawCsv", "csv", ["--no-escape-formulas"], []],
    ["Ndjson", "ndjson", [], []],
    ["Json", "json", [], []],
  ])("exported and imported with its ids is the same: %s", async (copy, format, exported, imported) => {
    const file = fileOf(`${copy}.${format}`);
    await cli("export", "Every", file, ...exported);
    await cli("import", copy, file, ...imported);
    expect(await w.records(copy)).toEqual(await w.records("Every"));
  });

  it.each([
    ["csv", "Matched", ["--unescape-formulas"]],
    ["ndjson", "MatchedNdjson", []],
  ])(
    "exported and imported by a unique field is the same, and unchanged where it came from: %s",
    async (format, copy, more) => {
      const file = fileOf(`matched.${format}`);
      await cli("export", "Every", file);
      const match = [file, "--upsert-by", "code", ...more];
      expect(await cli("import", "Every", ...match)).toBe(
        `Every: 0 created, 0 updated, ${RECORDS} unchanged, 0 refused.\n`,
      );
      const withoutIds = ["--map", "id=", "--concurrency", "1"];
      expect(await cli("import", copy, ...match, ...withoutIds)).toContain(`${copy}: ${RECORDS} created`);
      expect(await w.records(copy)).toEqual(await w.records("Every"));
    },
  );

  it.each(["csv", "ndjson"])("of UUIDs and references to them is the same elsewhere: %s", async (format) => {
    const parent = { name: "Parent", idType: "UUID", columns: [{ name: "name", type: "TEXT" }] };
    const references = { entity: "Parent", relationship: "parent", inverse: "children" };
    const child = { name: "Child", columns: [{ name: "parentId", references }] };
    const from = await makeServedWorkspace(served.baseUrl, parent, child);
    const to = await makeServedWorkspace(served.baseUrl, parent, child);
    const api = createApiClient(served.baseUrl, from.key);
    await api.require("POST", `${from.path}/Parent/bulk`, [{ name: "a" }, { name: null }]);
    const parents = await from.records("Parent");
    const children = [...parents.map(({ id }) => ({ parentId: id })), { parentId: null }];
    await api.require("POST", `${from.path}/Child/bulk`, children);
    for (const name of ["Parent", "Child"]) {
      const file = fileOf(`${name}.${format}`);
      expect(await startCli(["export", name, file], environmentOf(served.baseUrl, from)).ended).toMatchObject(
        { code: 0 },
      );
      expect(await startCli(["import", name, file], environmentOf(served.baseUrl, to)).ended).toMatchObject({
        code: 0,
      });
      expect(await to.records(name)).toEqual(await from.records(name));
    }
  });

  it.each(columnValues.map(({ definition }) => [definition]))(
    "of one column, nulls and all, keeps its rows: $name",
    async (definition) => {
      const { name } = definition;
      const one = await makeServedWorkspace(served.baseUrl, { name: "One", columns: [definition] });
      const file = fileOf(`${name}.csv`);
      await cli("export", "Every", file, "--fields", name);
      const more = ["--unescape-formulas", "--concurrency", "1"];
      const { code } = await startCli(["import", "One", file, ...more], environmentOf(served.baseUrl, one))
        .ended;
      expect(code).toBe(0);
      expect(await one.records("One", name)).toEqual(await w.records("Every", name));
    },
  );
});
