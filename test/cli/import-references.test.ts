import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

const author = {
  name: "Author",
  columns: [
    { name: "email", type: "VARCHAR", unique: true },
    { name: "firstName", type: "VARCHAR" },
    { name: "lastName", type: "VARCHAR" },
    { name: "born", type: "DATE" },
  ],
  constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["firstName", "lastName"] }],
};
const reference = (relationship: string) => ({ entity: "Author", relationship, inverse: null });
const book = {
  name: "Book",
  columns: [
    { name: "isbn", type: "VARCHAR", nullable: false, unique: true },
    { name: "authorId", nullable: false, references: reference("author") },
    { name: "editorId", references: reference("editor") },
    { name: "extra", type: "JSON" },
  ],
};

let served: Served;
let directory = "";
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-references-"));
});
afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, author, book);
  await createApiClient(served.baseUrl, w.key).require("POST", `${w.path}/Author/bulk`, [
    { email: "ana@example.com", firstName: "Ana", lastName: "Sousa" },
    { email: "rui@example.com", firstName: "Rui", lastName: "Reis" },
  ]);
});

function write(name: string, content: string): string {
  const file = join(mkdtempSync(join(directory, "t-")), name);
  writeFileSync(file, content);
  return file;
}

const cli = (file: string, ...more: readonly string[]) =>
  startCli(["import", "Book", file, ...more], environmentOf(served.baseUrl, w)).ended;

const books = () => w.records("Book", "isbn,authorId,editorId");
const errorsOf = (file: string) =>
  readFileSync(`${file}.errors.ndjson`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const BY_NAME = ["--map", "First=authorId.firstName", "--map", "Last=authorId.lastName"];

describe("an import with references by natural key", () => {
  it("finds each record by a unique field, and leaves out what is empty", async () => {
    const file = write(
      "books.csv",
      "isbn,Author,Editor\n1,ana@example.com,rui@example.com\n2,rui@example.com,\n",
    );
    const more = ["--map", "Author=authorId.email", "--map", "Editor=editorId.email"];
    expect(await cli(file, ...more)).toMatchObject({
      code: 0,
      stdout: "Book: 2 created, 0 updated, 0 unchanged, 0 refused.\n",
    });
    expect(await books()).toEqual([
      { isbn: "1", authorId: 1, editorId: 2 },
      { isbn: "2", authorId: 2, editorId: null },
    ]);
  });

  it("finds a record by several fields, and writes the rows that are refused in their order", async () => {
    const rows = ["1,Ana,Sousa", "2,No,Body", "3,Rui,Reis", "4,,", "5,Ana,", "6,No,One"];
    const file = write("books.csv", `isbn,First,Last\n${rows.join("\n")}\n`);
    const { code, stdout } = await cli(file, ...BY_NAME);
    expect({ code, stdout }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("Book: 2 created, 0 updated, 0 unchanged, 4 refused."),
    });
    const missing = (first: string, last: string) =>
      `Referenced author {firstName: '${first}', lastName: '${last}'} does not exist in authors`;
    const told = errorsOf(file).map(({ line, row, error }) => [
      line,
      row.authorId,
      error.details?.[0]?.message ?? error.message,
    ]);
    expect(told).toEqual([
      [3, { $by: { firstName: "No", lastName: "Body" } }, missing("No", "Body")],
      [5, undefined, "authorId is required"],
      [6, { $by: { firstName: "Ana", lastName: null } }, "cannot be null"],
      [7, { $by: { firstName: "No", lastName: "One" } }, missing("No", "One")],
    ]);
    const corrected = readFileSync(`${file}.errors.ndjson`, "utf8").replace(/"(?:Body|One)"/g, '"Sousa"');
    const again = write("corrected.ndjson", corrected.replaceAll('"No"', '"Ana"'));
    expect((await cli(again, "--from-errors")).stdout).toContain("2 created");
  });

  it("counts a row of an upsert that names the stored record as unchanged, and another one as updated", async () => {
    const rows = (last: string) => `isbn,First,Last,extra\n1,Ana,Sousa,"{""a"":1}"\n2,${last},\n`;
    const match = ["--upsert-by", "isbn", ...BY_NAME];
    expect((await cli(write("books.csv", rows("Rui,Reis")), ...match)).stdout).toContain("2 created");
    expect((await cli(write("books.csv", rows("Rui,Reis")), ...match)).stdout).toContain("2 unchanged");
    const changed = (await cli(write("books.csv", rows("Ana,Sousa")), ...match)).stdout;
    expect(changed).toContain("0 created, 1 updated, 1 unchanged");
    expect((await books()).map(({ authorId }) => authorId)).toEqual([1, 1]);
    const lines = [
      { isbn: "2", authorId: 2 },
      { isbn: "2", authorId: { $by: { email: "ana@example.com" } } },
    ];
    const file = write("books.ndjson", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    expect((await cli(file, "--upsert-by", "isbn")).stdout).toContain("2 updated");
    expect((await books()).map(({ authorId }) => authorId)).toEqual([1, 1]);
  });

  it("takes $by in rows of JSON, and --map for their keys too; --dry-run lets both pass", async () => {
    const ana = { $by: { email: "ana@example.com" } };
    const file = write(
      "books.json",
      JSON.stringify([{ isbn: "1", authorId: ana, Editor: "rui@example.com" }]),
    );
    const more = ["--map", "Editor=editorId.email"];
    expect(await cli(file, ...more, "--dry-run")).toMatchObject({ code: 0 });
    expect(await books()).toEqual([]);
    expect(await cli(file, ...more)).toMatchObject({ code: 0 });
    expect(await books()).toEqual([{ isbn: "1", authorId: 1, editorId: 2 }]);
  });

  it.each([
    [["Author=authorId.nme"], "--map Author=authorId.nme: Book has no field 'authorId.nme'."],
    [["Author=isbn.email"], "--map Author=isbn.email: Book has no field 'isbn.email'."],
    [
      ["Author=authorId.firstName"],
      "--map: firstName cannot name one Author. Map to authorId.email, or authorId.firstName and authorId.lastName.",
    ],
    [["Author=authorId.email", "Id=authorId"], "Two columns of the file mean the field 'authorId'."],
  ])("says before anything is written what is wrong with --map %s", async (maps, message) => {
    const file = write("books.csv", "isbn,Author,Id\n1,ana@example.com,1\n");
    const { code, stderr } = await cli(file, ...maps.flatMap((map) => ["--map", map]), "--ignore-unknown");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(await books()).toEqual([]);
  });
});
