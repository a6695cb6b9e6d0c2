import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

const columns = [
  { name: "title", type: "VARCHAR", nullable: false },
  { name: "pages", type: "INTEGER" },
  { name: "price", type: "DECIMAL" },
  { name: "meta", type: "JSON" },
];
const books = [
  { title: '=SUM(1)\n"quoted"', pages: 3, price: 1.5, meta: { a: [1] } },
  { title: "", pages: null, price: -2, meta: null },
  { title: "plain", pages: 900, price: null, meta: [true] },
];

let served: Served;
let directory = "";
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-export-"));
  w = await makeServedWorkspace(served.baseUrl, { name: "Book", columns }, { name: "Copy", columns });
  const file = join(directory, "books.json");
  writeFileSync(file, JSON.stringify(books));
  expect(await cli("import", "Book", file, "--concurrency", "1")).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

const cli = (...args: readonly string[]) => startCli(args, environmentOf(served.baseUrl, w)).ended;

describe("export", () => {
  it.each([
    ["csv", ["--unescape-formulas"]],
    ["ndjson", []],
    ["json", []],
  ])("to .%s, imported again, gives the same records", async (format, more) => {
    const file = join(directory, `out.${format}`);
    expect(await cli("export", "Book", file, "--fields", "title,pages,price,meta")).toMatchObject({
      code: 0,
    });
    const before = (await w.records("Copy")).length;
    expect(await cli("import", "Copy", file, ...more)).toMatchObject({ code: 0 });
    expect((await w.records("Copy", "title,pages,price,meta")).slice(before)).toEqual(books);
  });

  it("takes conditions in both forms, fields, an order, and standard output", async () => {
    const { code, stdout } = await cli(
      ...["export", "Book", "--format", "json", "--fields", "pages", "--sort", "pages,desc"],
      ...["--filter", "pages.gte=3", "--filter", '{"not":{"title":"none"}}'],
    );
    expect({ code, records: JSON.parse(stdout) }).toEqual({
      code: 0,
      records: [{ pages: 900 }, { pages: 3 }],
    });
  });

  it("of nothing is an empty file, and an empty array as JSON", async () => {
    const nothing = ["--filter", "pages=12345"];
    expect((await cli("export", "Book", ...nothing)).stdout).toBe("");
    expect(JSON.parse((await cli("export", "Book", "--format", "json", ...nothing)).stdout)).toEqual([]);
  });

  it("reports with --json how many records were written, and where", async () => {
    const file = join(directory, "told.ndjson");
    const { stdout } = await cli("export", "Book", file, "--json");
    expect(JSON.parse(stdout)).toEqual({ entity: "Book", file, format: "ndjson", records: 3 });
  });

  it("that is refused keeps the existing file", async () => {
    const own = mkdtempSync(join(directory, "t-"));
    const file = join(own, "kept.csv");
    writeFileSync(file, "old");
    const { code, stderr } = await cli("export", "Book", file, "--filter", "titel=x");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Unknown field 'titel' on Book — did you mean 'title'? (400 BAD_REQUEST)\n",
    });
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(own)).toEqual(["kept.csv"]);
  });
});
