import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";
import {
  definitions,
  type Failure,
  forbidden,
  OTHERS,
  SCOPE,
  TAKEN,
  VALUES,
} from "../support/write-rules.ts";

/* An import is held to the same rules as the forms of test/api/write-forms.test.ts. */

let served: Served;
let directory = "";
let w: ServedWorkspace;
let key = "";

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-rules-"));
  w = await makeServedWorkspace(served.baseUrl, ...definitions);
  const api = createApiClient(served.baseUrl, w.key);
  const owners = [
    { name: "a", area: "A" },
    { name: "b", area: "B" },
  ];
  await api.require("POST", `${w.path}/Owner/bulk`, owners);
  await api.require("POST", `${w.path}/Item/bulk`, [
    { code: "taken", area: "A", serial: "taken" },
    { code: "hidden", area: "B" },
  ]);
  key = await keyFor({});
});
afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function keyFor(scope: object): Promise<string> {
  const body = { name: "ruled", permission: "READ_WRITE", scopes: [{ ...SCOPE, ...scope }, ...OTHERS] };
  const admin = createApiClient(served.baseUrl, ADMIN_TOKEN);
  return ((await admin.require("POST", `${w.adminPath}/api-keys`, body)) as { key: string }).key;
}

interface Refusals {
  readonly code: number | null;
  readonly errors: readonly Failure[];
}

async function refusalsOf(rows: readonly object[], ...more: readonly string[]): Promise<Refusals> {
  const file = join(mkdtempSync(join(directory, "t-")), "rows.ndjson");
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const before = await w.records("Item");
  const args = ["import", "Item", file, "--key", key, ...more];
  const { code } = await startCli(args, environmentOf(served.baseUrl, w)).ended;
  expect(await w.records("Item")).toEqual(before);
  const lines = readFileSync(`${file}.errors.ndjson`, "utf8").trim().split("\n");
  return { code, errors: lines.map((line) => JSON.parse(line).error) };
}

const FORMS = [
  ["creates", []],
  ["creates or updates", ["--upsert-by", "code"]],
] as const;

describe.each(FORMS)("an import that %s", (_, options) => {
  it("refuses each row that breaks a rule, as a single write would", async () => {
    const broken: readonly (readonly [body: object, failure: Failure])[] = [
      ...Object.values(VALUES),
      [{ area: "B" }, forbidden("create this Item")],
      [{ level: 10 }, forbidden("create this Item")],
    ];
    const rows = broken.map(([body], i) => ({ code: `new-${i}`, area: "A", ...body }));
    const { code, errors } = await refusalsOf(rows, ...options);
    expect(errors).toEqual(broken.map(([, failure]) => failure));
    expect(code).toBe(1);
  });

  it("tells of a hidden record only that its unique value is taken", async () => {
    const { errors } = await refusalsOf([{ code: "hidden", area: "A" }], ...options);
    expect(errors).toEqual([{ ...TAKEN, message: "A record with code 'hidden' already exists" }]);
  });
});
