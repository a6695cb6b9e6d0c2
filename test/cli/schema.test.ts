import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

const note = {
  name: "Note",
  columns: [
    { name: "text", type: "VARCHAR" },
    { name: "rank", type: "INTEGER" },
  ],
};

interface Document {
  version: number;
  entities: { name: string; columns: { name: string; type?: string; nullable?: boolean }[] }[];
}

let served: Served;
let w: ServedWorkspace;
let file = "";

beforeAll(async () => {
  served = await serveWorker();
});
afterAll(() => served.stop());

beforeEach(async () => {
  const directory = mkdtempSync(join(tmpdir(), "cli-schema-"));
  file = join(directory, "schema.json");
  w = await makeServedWorkspace(served.baseUrl, note);
  const rows = join(directory, "rows.json");
  writeFileSync(rows, JSON.stringify([{ text: "kept", rank: 1 }, { text: null }]));
  expect(await cli("import", "Note", rows, "--concurrency", "1")).toMatchObject({ code: 0 });
  expect(await cli("schema", "pull", file)).toMatchObject({ code: 0 });
  return () => rmSync(directory, { recursive: true });
});

const cli = (...args: readonly string[]) => startCli(args, environmentOf(served.baseUrl, w)).ended;

function edit(change: (columns: Document["entities"][number]["columns"]) => void): void {
  const document: Document = JSON.parse(readFileSync(file, "utf8"));
  for (const { columns } of document.entities) change(columns);
  writeFileSync(file, JSON.stringify(document));
}

describe("schema", () => {
  it("pulled and applied unchanged changes nothing", async () => {
    const { stdout } = await cli("schema", "plan", file, "--json");
    expect(JSON.parse(stdout)).toEqual({ version: 1, changes: [] });
    expect((await cli("schema", "plan", file)).stdout).toBe("Nothing to change.\n");
    expect((await cli("schema", "apply", file)).stdout).toBe("Nothing to change.\n");
    const pulled = await cli("schema", "pull");
    expect(JSON.parse(pulled.stdout)).toEqual(JSON.parse(readFileSync(file, "utf8")));
  });

  it("plans and applies a rename and a new column, and keeps the records", async () => {
    edit((columns) => {
      for (const column of columns) if (column.name === "text") column.name = "body";
      columns.push({ name: "done", type: "BOOLEAN" });
    });
    const plan = await cli("schema", "plan", file);
    expect(plan).toMatchObject({
      code: 0,
      stdout: "Note.text → Note.body: renamed, lossless\nNote.done: new column, lossless\n",
    });
    expect((await cli("schema", "plan", file)).stdout).toBe(plan.stdout);
    const applied = await cli("schema", "apply", file);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("The schema is at version 2."),
    });
    expect((await w.records("Note"))[0]).toEqual({ id: 1, body: "kept", rank: 1, done: null });
  });

  it("destroys data with --allow-lossy only", async () => {
    edit((columns) => columns.pop());
    const plan = await cli("schema", "plan", file);
    expect(plan.stdout).toBe(
      "Note.rank: dropped with its values, destroys data\n" +
        "Some changes destroy data: apply makes them only with --allow-lossy.\n",
    );
    expect(await cli("schema", "apply", file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Note.rank: DROP_COLUMN destroys data"),
    });
    expect(await cli("schema", "apply", file, "--allow-lossy")).toMatchObject({ code: 0 });
    expect((await w.records("Note"))[0]).toEqual({ id: 1, text: "kept" });
  });

  it("ends a plan with exit code 1 when records conflict", async () => {
    edit((columns) => {
      for (const column of columns) if (column.name === "text") column.nullable = false;
    });
    expect(await cli("schema", "plan", file)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^Note.text: nullable true → false, blocked: 1 existing record/),
    });
  });

  it("shows the old and new value of each changed property", async () => {
    edit((columns) => {
      for (const column of columns) {
        if (column.name === "text") Object.assign(column, { length: 100, unique: true });
        if (column.name === "rank") Object.assign(column, { type: "DOUBLE" });
      }
    });
    const { stdout } = await cli("schema", "plan", file);
    expect(stdout).toBe(
      "Note.text: length 255 → 100, unique false → true, lossless\nNote.rank: INTEGER → DOUBLE, lossless\n",
    );
    const { changes } = JSON.parse((await cli("schema", "plan", file, "--json")).stdout);
    expect(changes[1]).toMatchObject({
      kind: "ALTER_COLUMN",
      differences: [{ property: "type", from: "INTEGER", to: "DOUBLE" }],
    });
    const applied = await cli("schema", "apply", file);
    expect(applied.stdout).toContain("Note.rank: INTEGER → DOUBLE, lossless\nThe schema is at version 2.");
  });

  it("applies twice, here and anywhere: the second time changes nothing", async () => {
    edit((columns) => columns.push({ name: "done", type: "BOOLEAN" }));
    const elsewhere = await makeServedWorkspace(served.baseUrl, { name: "Other", columns: [] });
    for (const { organization, workspace } of [w, elsewhere]) {
      const there = ["--org", organization, "--workspace", workspace];
      expect(await cli("schema", "apply", file, "--allow-lossy", ...there)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("at version 2."),
      });
      expect(await cli("schema", "apply", file, "--allow-lossy", ...there)).toMatchObject({
        code: 0,
        stdout: "Nothing to change.\n",
      });
    }
  });

  it("of two deployments is compared by their profiles", async () => {
    const HOME = mkdtempSync(join(tmpdir(), "cli-home-"));
    const other = await makeServedWorkspace(served.baseUrl, {
      ...note,
      columns: [{ name: "text", type: "TEXT" }, note.columns[1]],
    });
    const run = (...args: readonly string[]) => startCli(args, { HOME }).ended;
    for (const [name, { organization, workspace }] of [["a", w] as const, ["b", other] as const]) {
      const place = ["--org", organization, "--workspace", workspace, "--admin-token", ADMIN_TOKEN];
      expect(await run("profiles", "save", name, "--url", served.baseUrl, ...place)).toMatchObject({
        code: 0,
      });
    }
    expect(await run("schema", "diff", "a", "b")).toMatchObject({
      code: 0,
      stdout: "Note.text: VARCHAR → TEXT, lossless\n",
    });
    expect(await run("schema", "diff", "a", "b", "--exit-code", "--json")).toMatchObject({ code: 1 });
    expect(await run("schema", "diff", "a", file)).toMatchObject({ code: 0, stdout: "No differences.\n" });
    expect(await run("schema", "diff", "a", "c")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no profile 'c'"),
    });
    rmSync(HOME, { recursive: true });
  });

  it("is refused when it has changed since the pull, unless that is ignored", async () => {
    edit((columns) => columns.push({ name: "theirs", type: "TEXT" }));
    expect(await cli("schema", "apply", file)).toMatchObject({ code: 0 });
    edit((columns) => columns.push({ name: "mine", type: "TEXT" }));
    expect(await cli("schema", "apply", file)).toMatchObject({
      code: 1,
      stderr: "The schema has changed: If-Match does not hold (412 PRECONDITION_FAILED)\n",
    });
    expect(await cli("schema", "apply", file, "--ignore-version")).toMatchObject({ code: 0 });
  });
});
