import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

const person = {
  name: "Person",
  columns: [
    { name: "email", type: "VARCHAR", nullable: false, unique: true, constraints: [{ type: "EMAIL" }] },
    { name: "fullName", columnName: "display", type: "VARCHAR" },
    { name: "age", type: "INTEGER", constraints: [{ type: "MIN", value: 0 }] },
    { name: "balance", type: "DECIMAL", precision: 12, scale: 2 },
    { name: "isVip", type: "BOOLEAN", nullable: false, default: false },
    { name: "account", type: "BIGINT" },
    { name: "bornOn", type: "DATE" },
    { name: "seenAt", type: "DATETIME" },
    { name: "tags", type: "JSON" },
    { name: "note", type: "TEXT" },
    { name: "createdAt", type: "DATETIME", autoSet: "INSERT" },
  ],
};

let served: Served;
let directory = "";
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-import-"));
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, person);
});

function write(name: string, content: string | Uint8Array): string {
  const file = join(mkdtempSync(join(directory, "t-")), name);
  writeFileSync(file, content);
  return file;
}

const cli = (...args: readonly string[]) =>
  startCli([...args, "--json"], environmentOf(served.baseUrl, w)).ended;

async function importOf(file: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await cli("import", "Person", file, ...more);
  return { code, summary: stdout === "" ? undefined : JSON.parse(stdout), stderr };
}

const errorsIn = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const people = (count: number) =>
  `email,age\n${Array.from({ length: count }, (_, i) => `p${i}@example.com,${i % 90}\n`).join("")}`;

describe("import of CSV", () => {
  it("finds fields by name and by column name, and reads cells by the column's type", async () => {
    const file = write(
      "people.csv",
      `\uFEFFemail,display,age,balance,is_vip,account,bornOn,seen_at,tags,note,createdAt\r\n` +
        `a@example.com,"Ann ""A"", Lee",41,12.50,TRUE,9007199254740993,1980-02-29,2026-01-02T03:04:05+01:00,"{""a"":[1]}","two\r\nlines",2020-01-01T00:00:00Z\r\n` +
        `b@example.com,"", ,,,,,,,,\r\n`,
    );
    const { code, summary, stderr } = await importOf(file);
    expect({ code, summary }).toEqual({
      code: 0,
      summary: {
        entity: "Person",
        created: 2,
        updated: 0,
        unchanged: 0,
        refused: 0,
        succeeded: 2,
        failed: 0,
        fromEarlierRuns: 0,
        errorsFile: null,
        dryRun: false,
      },
    });
    expect(stderr).toBe("Left out, because the server writes it: createdAt.\n");
    const [ann, b] = await w.records("Person");
    expect(ann).toEqual({
      id: 1,
      email: "a@example.com",
      fullName: 'Ann "A", Lee',
      age: 41,
      balance: 12.5,
      isVip: true,
      account: "9007199254740993",
      bornOn: "1980-02-29",
      seenAt: "2026-01-02T02:04:05.000Z",
      tags: { a: [1] },
      note: "two\r\nlines",
      createdAt: expect.stringMatching(/^2/),
    });
    expect(b).toMatchObject({ fullName: "", age: null, isVip: false, tags: null, note: null });
  });

  it("accepts other names with --map, omitted columns, and other delimiters", async () => {
    const file = write("people.csv", "E-mail;years;secret\na@example.com;7;x\n");
    const more = ["--delimiter", ";", "--map", "E-mail=email", "--map", "years=age", "--map", "secret="];
    expect(await importOf(file, ...more)).toMatchObject({ code: 0, summary: { succeeded: 1 } });
    expect(await w.records("Person", "email,age")).toEqual([{ email: "a@example.com", age: 7 }]);
  });

  it("writes rows that are refused, by the server or here, to the errors file with line and reason", async () => {
    const file = write(
      "people.csv",
      'email,age,note\na@example.com,1,"x\ny"\nnonsense,-1,\nc@example.com,many,\na@example.com,3,\nd@example.com\n',
    );
    const { code, summary } = await importOf(file);
    const errorsFile = `${file}.errors.ndjson`;
    expect({ code, summary }).toMatchObject({ code: 1, summary: { succeeded: 1, failed: 4, errorsFile } });
    const errors = errorsIn(errorsFile);
    expect(errors).toEqual([
      {
        line: 4,
        row: { email: "nonsense", age: -1, note: null },
        error: {
          code: "VALIDATION_ERROR",
          message: "Validation failed: 2 error(s)",
          details: [
            { field: "email", message: "must be a valid email address" },
            { field: "age", message: "must be at least 0" },
          ],
        },
      },
      {
        line: 5,
        row: { email: "c@example.com", age: "many", note: null },
        error: {
          code: "VALIDATION_ERROR",
          message: "Validation failed: 1 error(s)",
          details: [{ field: "age", message: "must be an integer" }],
        },
      },
      {
        line: 6,
        row: { email: "a@example.com", age: 3, note: null },
        error: {
          code: "UNIQUE_CONSTRAINT_VIOLATION",
          message: "A record with email 'a@example.com' already exists",
        },
      },
      {
        line: 7,
        row: { email: "d@example.com", age: null, note: null },
        error: { code: "BAD_REQUEST", message: "The row has 1 cells, the header has 3" },
      },
    ]);

    const corrected = errors.map(({ row, ...rest }, i) => {
      return { ...rest, row: { ...row, email: `fixed${i}@example.com`, age: i } };
    });
    writeFileSync(errorsFile, corrected.map((error) => JSON.stringify(error)).join("\n"));
    expect(await importOf(errorsFile, "--from-errors")).toMatchObject({ code: 0, summary: { succeeded: 4 } });
    expect((await w.records("Person", "age")).map(({ age }) => age)).toEqual([1, 0, 1, 2, 3]);
  });

  it("keeps the good cells of a refused row as they were read, so that only the bad one is to be corrected", async () => {
    const header = "email,age,balance,isVip,tags,bornOn,seenAt,account\n";
    const file = write(
      "people.csv",
      `${header}a@example.com,x,2.5,TRUE,"[1]",1980-02-29,,7\nb@example.com,1,2.5\n`,
    );
    const { code, summary } = await importOf(file);
    expect({ code, summary }).toMatchObject({ code: 1, summary: { succeeded: 0, failed: 2 } });
    const [first, second] = errorsIn(summary.errorsFile);
    const read = { balance: 2.5, isVip: true, tags: [1], bornOn: "1980-02-29", seenAt: null, account: "7" };
    expect(first.row).toEqual({ email: "a@example.com", age: "x", ...read });
    expect(second.row).toMatchObject({ email: "b@example.com", age: 1, balance: 2.5 });

    const corrected = [{ ...first, row: { ...first.row, age: 5 } }, second];
    writeFileSync(summary.errorsFile, corrected.map((error) => JSON.stringify(error)).join("\n"));
    const again = await importOf(summary.errorsFile, "--from-errors");
    expect(again).toMatchObject({ code: 0, summary: { succeeded: 2 } });
  });

  it("that is refused at the start leaves no state, and keeps an earlier errors file", async () => {
    const file = write("people.csv", "E-mail,age\na@example.com,-1\n");
    expect(await importOf(file)).toMatchObject({ code: 2 });
    expect(existsSync(`${file}.Person.import`)).toBe(false);
    const more = ["--map", "E-mail=email"];
    expect(await importOf(file, ...more)).toMatchObject({ code: 1, summary: { failed: 1 } });
    const errors = readFileSync(`${file}.errors.ndjson`, "utf8");
    const stateOfAnother = join(dirname(file), "state");
    writeFileSync(stateOfAnother, `${JSON.stringify({ target: "elsewhere", fingerprint: "", salt: "" })}\n`);
    const other = await importOf(file, ...more, "--state", stateOfAnother);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("belongs to another import") });
    expect(readFileSync(`${file}.errors.ndjson`, "utf8")).toBe(errors);
    writeFileSync(file, "E-mail,age\na@example.com,1\n");
    expect(await importOf(file, ...more, "--again")).toMatchObject({ code: 0, summary: { succeeded: 1 } });
    expect(existsSync(`${file}.errors.ndjson`)).toBe(false);
  });

  it("cuts requests by size too, and refuses what no request can hold", async () => {
    const note = "é".repeat(40_000);
    const rows = Array.from({ length: 60 }, (_, i) => `p${i}@example.com,${note}\n`).join("");
    const file = write("large.csv", `email,note\n${rows}x@example.com,${"z".repeat(1_100_000)}\n`);
    const { code, summary } = await importOf(file);
    expect({ code, summary }).toMatchObject({ code: 1, summary: { succeeded: 60, failed: 1 } });
    expect(errorsIn(summary.errorsFile)).toMatchObject([{ line: 62, error: { code: "PAYLOAD_TOO_LARGE" } }]);
    expect((await w.records("Person", "note")).every((record) => record.note === note)).toBe(true);
  });
});

describe("a number that cannot be stored exactly", () => {
  const refusedRows = (summary: { errorsFile: string }) =>
    errorsIn(summary.errorsFile).map(({ line, error }) => [
      line,
      error.details?.[0]?.message ?? error.message,
    ]);
  const INEXACT = "cannot be stored exactly: send it as a string";

  it("refuses its row, in NDJSON and in CSV, with and without --dry-run", async () => {
    const ndjson = write(
      "people.ndjson",
      '{"email":"a@x.com","tags":{"tweet":1234567890123456789}}\n' +
        '{"email":"b@x.com","account":9007199254740993}\n' +
        '{"email":"c@x.com","age":9007199254740990.9999}\n' +
        '{"email":"d@x.com","tags":[1.5,"1234567890123456789"],"balance":12.50}\n',
    );
    const expected = [
      [1, INEXACT],
      [2, INEXACT],
      [3, "must be an integer"],
    ];
    expect(refusedRows((await importOf(ndjson, "--dry-run")).summary)).toEqual(expected);
    expect(refusedRows((await importOf(ndjson)).summary)).toEqual(expected);
    const csv = write(
      "people.csv",
      'email,balance,tags\ne@x.com,.5,"[1234567890123456789]"\nf@x.com,.5,\ng@x.com,5.,\n',
    );
    expect(refusedRows((await importOf(csv)).summary)).toEqual([[2, INEXACT]]);
    const people = await w.records("Person", "email,balance,tags");
    expect(people).toEqual([
      { email: "d@x.com", balance: 12.5, tags: [1.5, "1234567890123456789"] },
      { email: "f@x.com", balance: 0.5, tags: null },
      { email: "g@x.com", balance: 5, tags: null },
    ]);
  });
});

describe("import of JSON", () => {
  const rows = [
    { email: "a@example.com", tags: ["x", { y: "]},\n" }], age: 3 },
    { email: "b@example.com", nonsense: 1 },
    { email: "c@example.com" },
  ];

  it.each([
    ["ndjson", `${rows.map((row) => JSON.stringify(row)).join("\n\n")}\nnot json\n[1]\n`, [3, 6, 7]],
    ["json", JSON.stringify([...rows.slice(0, 2), "text", rows[2], 5], null, 1), [12, 16, 20]],
  ])("reads .%s, row by row", async (format, content, lines) => {
    const { code, summary } = await importOf(write(`people.${format}`, content));
    expect({ code, summary }).toMatchObject({ code: 1, summary: { succeeded: 2, failed: 3 } });
    const errors = errorsIn(summary.errorsFile);
    expect(errors.map(({ line }) => line)).toEqual(lines);
    expect(errors[0].error.details).toEqual([{ field: "nonsense", message: "is not a field of Person" }]);
    expect(await w.records("Person", "email,age,tags")).toEqual([
      { email: "a@example.com", age: 3, tags: ["x", { y: "]},\n" }] },
      { email: "c@example.com", age: null, tags: null },
    ]);
  });
});

describe("import", () => {
  it("with --upsert-by changes what is there, in the file's order", async () => {
    const rows = Array.from({ length: 650 }, (_, i) => `p${i % 130}@example.com,${i}\n`).join("");
    const file = write("people.csv", `email,age\n${rows}`);
    const { code, summary } = await importOf(file, "--upsert-by", "email", "--concurrency", "8");
    expect({ code, summary }).toMatchObject({ code: 0, summary: { succeeded: 650 } });
    const ages = (await w.records("Person", "age")).map(({ age }) => age);
    expect(ages).toEqual(Array.from({ length: 130 }, (_, i) => 520 + i));
  });

  it("with --dry-run finds what the server would, and writes nothing", async () => {
    const file = write("people.csv", "email,age\na@example.com,1\nnonsense,-1\n,5\nb@example.com,x\n");
    const { code, summary } = await importOf(file, "--dry-run");
    expect({ code, summary }).toMatchObject({ code: 1, summary: { succeeded: 1, failed: 3, dryRun: true } });
    const found = errorsIn(summary.errorsFile);
    expect(await w.records("Person")).toEqual([]);
    await importOf(file);
    const told = errorsIn(summary.errorsFile);
    expect(found).toEqual(told);
  });

  it("of the same file again writes nothing twice and says so; --again does", async () => {
    const file = write("notes.csv", people(250));
    expect(await importOf(file)).toMatchObject({ code: 0, summary: { succeeded: 250, fromEarlierRuns: 0 } });
    expect(await importOf(file)).toMatchObject({
      code: 0,
      summary: { succeeded: 250, failed: 0, fromEarlierRuns: 250 },
    });
    expect(await importOf(file, "--again")).toMatchObject({
      code: 1,
      summary: { succeeded: 0, failed: 250 },
    });
    expect(await w.records("Person")).toHaveLength(250);
  });

  it("needs little memory for many rows", async () => {
    const note = "n".repeat(2_000);
    const rows = Array.from({ length: 30_000 }, (_, i) => `p${i}@example.com,${note}\n`);
    const file = write("many.csv", `email,note\n${rows.join("")}`);
    const run = startCli(["import", "Person", file, "--dry-run"], environmentOf(served.baseUrl, w), [
      "--max-old-space-size=28",
    ]);
    expect(await run.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("30000 rows are valid"),
    });
  });

  it.each([
    [
      "an unknown entity",
      "Persn",
      "people.csv",
      "email\n",
      "There is no entity Persn. The workspace has Person.",
    ],
    ["an unknown header", "Person", "people.csv", "email,nick\n", "No field for 'nick'"],
    ["one field twice", "Person", "people.csv", "display,fullName\n", "mean the field 'fullName'"],
    ["an unknown format", "Person", "people.xls", "email\n", "Cannot tell the format"],
    [
      "another encoding",
      "Person",
      "people.csv",
      Buffer.from("email\n\xe9@example.com\n", "latin1"),
      "not UTF-8",
    ],
    ["an open quote", "Person", "people.csv", 'email\n"a@example.com\n', "cannot be read from line 2 on"],
    ["JSON that is no array", "Person", "people.json", '{"email":1}', "one JSON array"],
  ])("refuses %s with exit code 2 and writes nothing", async (_, entity, name, content, message) => {
    const { code, stderr } = await cli("import", entity, write(name, content));
    expect({ code, failure: JSON.parse(stderr) }).toEqual({
      code: 2,
      failure: { error: { code: "USAGE", message: expect.stringContaining(message) } },
    });
    expect(await w.records("Person")).toEqual([]);
  });

  it("stops with exit code 1 when the key may not write", async () => {
    const create = await cli("keys", "create", "reader", "--permission", "READ_ONLY");
    const { key } = JSON.parse(create.stdout);
    const { code, stderr } = await cli("import", "Person", write("p.csv", people(1000)), "--key", key);
    expect({ code, failure: JSON.parse(stderr) }).toMatchObject({
      code: 1,
      failure: { error: { status: 403 } },
    });
  });
});
