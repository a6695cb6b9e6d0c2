import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* Files as people have them: broken, cut off, from a spreadsheet, corrected and imported again. */

const thing = {
  name: "Thing",
  columns: [
    { name: "code", type: "VARCHAR", unique: true },
    { name: "unitPrice", type: "DECIMAL", scale: 2, constraints: [{ type: "MIN", value: 0 }] },
    { name: "isOpen", type: "BOOLEAN" },
    { name: "note", type: "TEXT" },
  ],
};

let served: Served;
let directory = "";
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-files-"));
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, thing, {
    name: "Word",
    columns: [{ name: "text", type: "TEXT" }],
  });
});

function write(name: string, content: string | Uint8Array): string {
  const file = join(mkdtempSync(join(directory, "t-")), name);
  writeFileSync(file, content);
  return file;
}

const cli = (...args: readonly string[]) => startCli(args, environmentOf(served.baseUrl, w)).ended;

async function importOf(file: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await cli("import", "Thing", file, "--json", ...more);
  return { code, summary: stdout === "" ? undefined : JSON.parse(stdout), stderr };
}

const errorsIn = (file: string) =>
  readFileSync(`${file}.errors.ndjson`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const stateOf = (file: string) => existsSync(`${file}.Thing.import`);
const linesOf = (count: number) => Array.from({ length: count }, (_, i) => `c${i},${i}`);

describe("a CSV file", () => {
  it.each([
    ["inside a cell", 'c"x,1', "A quote stands inside a cell that does not begin with one"],
    ["behind a quoted cell", '"c"x,1', "Text follows the quote that closes a cell"],
    [
      "behind a quoted cell with line breaks before it",
      '"c",1,"a\nb"',
      "The row has 3 cells, the header has 2",
    ],
  ])("with a bad quote %s loses that row, with its line, and no other", async (_, bad, message) => {
    const lines = linesOf(1000);
    lines[502] = bad;
    const file = write("things.csv", `code,unitPrice\n${lines.join("\n")}\n`);
    const { code, summary } = await importOf(file);
    expect({ code, summary }).toMatchObject({ code: 1, summary: { created: 999, refused: 1 } });
    expect(errorsIn(file)).toMatchObject([{ line: 504, error: { code: "BAD_REQUEST", message } }]);
    expect(await w.records("Thing")).toHaveLength(999);
    expect(stateOf(file)).toBe(false);

    const [error] = errorsIn(file);
    writeFileSync(
      `${file}.errors.ndjson`,
      JSON.stringify({ ...error, row: { code: "mended", unitPrice: 1 } }),
    );
    const mended = await importOf(`${file}.errors.ndjson`, "--from-errors");
    expect(mended).toMatchObject({ code: 0, summary: { created: 1, refused: 0 } });
    expect(await w.records("Thing")).toHaveLength(1000);
  });

  it.each([
    ["never closes", '"c\n', "line 504 on: a quote opens there and never closes"],
    ["closes in a later line", '"c,1\nd,2\n"e",3', "line 504 on: a quote opens there, and text follows"],
  ])("with a quote that %s writes nothing, because nobody can tell its rows", async (_, bad, message) => {
    const lines = linesOf(1000);
    lines[502] = bad;
    const file = write("things.csv", `code,unitPrice\n${lines.join("\n")}\n`);
    const { code, stderr } = await importOf(file);
    expect({ code, message: JSON.parse(stderr).error.message }).toEqual({
      code: 2,
      message: expect.stringContaining(message),
    });
    expect(await w.records("Thing")).toEqual([]);
    expect(stateOf(file)).toBe(false);
  });

  it.each([
    ["things.csv", "Code;UNIT PRICE;is_open\r\na;1.5;true\r\n", "separated by ';'"],
    ["things.csv", "code\tunit_price\tisOpen\na\t1.5\ttrue\n", "separated by tabs"],
    ["things.tsv", " code \tunitPrice\tisOpen\na\t1.5\ttrue\n", "' code ' is read as code"],
    ["things.csv", "\n\nCODE|Unit Price|Is Open\ra|1.5|true\r", "'Unit Price' is read as unitPrice"],
  ])(
    "is read with the delimiter and the headers that it has, and this is said: %s %j",
    async (name, content, said) => {
      const { code, stderr } = await importOf(write(name, content));
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(said) });
      expect(await w.records("Thing", "code,unitPrice,isOpen")).toEqual([
        { code: "a", unitPrice: 1.5, isOpen: true },
      ]);
    },
  );

  it("accepts a delimiter as people write it", async () => {
    const file = write("things.csv", "code\tunitPrice\na,b\t1\n");
    expect(await importOf(file, "--delimiter", "\\t")).toMatchObject({ code: 0, stderr: "" });
    expect(await w.records("Thing", "code")).toEqual([{ code: "a,b" }]);
    expect((await importOf(file, "--delimiter", ";;")).stderr).toContain("It must be one character");
  });

  it.each([
    ["UTF-16 with a byte order mark", Buffer.from("\uFEFFcode,note\né,zażółć\n", "utf16le"), []],
    ["UTF-16, named", Buffer.from("code,note\né,zażółć\n", "utf16le"), ["--encoding", "utf-16le"]],
    [
      "windows-1250",
      Uint8Array.from(Buffer.from("code,note\n\xe9,za\xbf\xf3\xb3\xe6\n", "latin1")),
      ["--encoding", "windows-1250"],
    ],
  ])("is read in %s", async (_, content, more) => {
    expect(await importOf(write("things.csv", content), ...more)).toMatchObject({ code: 0 });
    expect(await w.records("Thing", "code,note")).toEqual([{ code: "é", note: "zażółć" }]);
  });

  it("in another encoding names the option, and writes nothing, however late the invalid byte is", async () => {
    const text = Buffer.from(`code,unitPrice\n${linesOf(5000).join("\n")}\n\xe9,1\n`, "latin1");
    const { code, stderr } = await importOf(write("things.csv", text));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("--encoding windows-1252") });
    expect(await w.records("Thing")).toEqual([]);
    expect((await importOf(write("a.csv", "code\na\n"), "--encoding", "klingon")).stderr).toContain(
      "must be an encoding",
    );
  });

  it("can have other words for booleans", async () => {
    const file = write("things.csv", "code,isOpen\na,Yes\nb,n\nc,TRUE\n");
    expect(await importOf(file)).toMatchObject({ code: 1, summary: { created: 1, refused: 2 } });
    const message = "must be a boolean: one of true, 1, false, 0 (--true and --false name other words)";
    expect(errorsIn(file)[0].error.details).toEqual([{ field: "isOpen", message }]);
    const words = ["--true", "yes,Y,true", "--false", "no,N", "--upsert-by", "code"];
    expect(await importOf(file, ...words)).toMatchObject({ code: 0, summary: { created: 2, unchanged: 1 } });
    expect(await w.records("Thing", "code,isOpen")).toEqual([
      { code: "c", isOpen: true },
      { code: "a", isOpen: true },
      { code: "b", isOpen: false },
    ]);
  });

  it("of one column has a row in every line, and null where a line is empty", async () => {
    const file = write("words.csv", 'text\n\na\n""\n\n\n');
    expect(await cli("import", "Word", file)).toMatchObject({ code: 0 });
    const texts = (await w.records("Word")).map(({ text }) => text);
    expect(texts).toEqual([null, "a", "", null, null]);
  });
});

describe("any file", () => {
  it.each([
    ["things.csv", "", "is empty"],
    ["things.csv", "\n \n", "No field for ' '"],
    ["things.csv", "\n\n", "has no header line"],
    ["things.ndjson", "\n", "holds no rows"],
    ["things.json", " ", "one JSON array"],
    ["things.json", '[{"code":"a"},{"code":"b"}', "cut off at line 1"],
  ])(
    "without rows, or cut off, is refused with exit code 2 and writes nothing: %s %j",
    async (name, content, message) => {
      const { code, stderr } = await importOf(write(name, content));
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
      expect(await w.records("Thing")).toEqual([]);
    },
  );

  it("that says that it has no rows is imported", async () => {
    expect(await importOf(write("things.csv", "code\n"))).toMatchObject({ code: 0, summary: { created: 0 } });
    expect(await importOf(write("things.json", "[]"))).toMatchObject({ code: 0, summary: { created: 0 } });
  });

  it("has its refused rows listed in its order, with the number of each element of an array", async () => {
    const rows = Array.from({ length: 1200 }, (_, i) => ({ code: `c${i}`, unitPrice: i % 3 === 0 ? -1 : i }));
    const text = JSON.stringify(rows.map((row, i) => (i === 601 ? "none" : row)));
    const file = write("things.json", text);
    expect(await importOf(file, "--concurrency", "8")).toMatchObject({ code: 1, summary: { refused: 401 } });
    const expected = rows.flatMap(({ unitPrice }, i) => (unitPrice < 0 || i === 601 ? [i + 1] : []));
    expect(errorsIn(file).map(({ item }) => item)).toEqual(expected);
    expect(new Set(errorsIn(file).map(({ line }) => line))).toEqual(new Set([1]));
  });

  it("keeps the digits of its numbers", async () => {
    const file = write("things.ndjson", '{"code":"a","unitPrice":1234567890123.45001}\n');
    expect(await importOf(file)).toMatchObject({ code: 1, summary: { refused: 1 } });
    expect(readFileSync(`${file}.errors.ndjson`, "utf8")).toContain('"unitPrice":1234567890123.45001');
  });

  it("leaves no state when nothing was written, so that it can be mended and imported", async () => {
    const file = write("things.csv", "code,unitPrice\na,-1\n");
    const created = await cli("keys", "create", "reader", "--permission", "READ_ONLY", "--json");
    const { key } = JSON.parse(created.stdout);
    expect(await importOf(file, "--key", key)).toMatchObject({ code: 1, summary: undefined });
    expect(stateOf(file)).toBe(false);
    expect(await importOf(file)).toMatchObject({ code: 1, summary: { created: 0, refused: 1 } });
    expect(stateOf(file)).toBe(false);
    writeFileSync(file, "code,unitPrice\na,1\n");
    expect(await importOf(file)).toMatchObject({ code: 0, summary: { created: 1, refused: 0 } });
  });

  it("is imported again if its rows were deleted since", async () => {
    const file = write("things.csv", "code\na\nb\n");
    expect(await importOf(file)).toMatchObject({ code: 0, summary: { created: 2 } });
    const headers = { authorization: `Bearer ${w.key}`, "content-type": "application/json" };
    const address = `${served.baseUrl}${w.path}/Thing/bulk`;
    await fetch(address, { method: "DELETE", headers, body: "[1]" });
    const partly = await importOf(file);
    expect(partly).toMatchObject({ code: 1, stderr: expect.stringContaining("has only 1 records now") });
    await fetch(address, { method: "DELETE", headers, body: "[2]" });
    expect(await importOf(file)).toMatchObject({ code: 0, summary: { created: 2, fromEarlierRuns: 0 } });
    expect(await w.records("Thing", "code")).toEqual([{ code: "a" }, { code: "b" }]);
  });
});

describe("the times of another system", () => {
  it("are kept by a key that may write them", async () => {
    const event = {
      name: "Event",
      columns: [
        { name: "code", type: "VARCHAR" },
        { name: "createdAt", type: "DATETIME", autoSet: "INSERT" },
      ],
    };
    const old = await makeServedWorkspace(served.baseUrl, event);
    const run = (...args: readonly string[]) => startCli(args, environmentOf(served.baseUrl, old)).ended;
    const file = write("events.csv", "code,createdAt\na,2001-02-03T04:05:06.000Z\nb,\n");
    const refused = await run("import", "Event", file, "--keep-timestamps");
    expect(refused).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("1 created, 0 updated, 0 unchanged, 1 refused"),
    });
    const created = await run(
      "keys",
      "create",
      "importer",
      "--permission",
      "READ_WRITE",
      "--may-write-timestamps",
      "--json",
    );
    const { key } = JSON.parse(created.stdout);
    expect(await run("import", "Event", file, "--keep-timestamps", "--dry-run")).toMatchObject({ code: 0 });
    expect(await run("import", "Event", file, "--keep-timestamps", "--key", key)).toMatchObject({ code: 0 });
    expect((await old.records("Event")).map(({ createdAt }) => createdAt)).toContain(
      "2001-02-03T04:05:06.000Z",
    );
  });
});

describe("an upsert", () => {
  it("reports created, updated, unchanged and refused rows", async () => {
    const file = write("things.csv", "code,unitPrice,note\na,1,x\nb,2,\nc,3,y\n");
    expect(await importOf(file, "--upsert-by", "code")).toMatchObject({ code: 0, summary: { created: 3 } });
    writeFileSync(file, "code,unitPrice,note\na,1.00,x\nb,2,now\nc,-3,y\nd,4,z\nb,2,now\nb,2,\n");
    const { code, summary } = await importOf(file, "--upsert-by", "code");
    expect({ code, summary }).toMatchObject({
      code: 1,
      summary: { created: 1, updated: 2, unchanged: 2, refused: 1, succeeded: 5, failed: 1 },
    });
    expect(errorsIn(file)).toMatchObject([{ line: 4, row: { code: "c" } }]);
    expect(await w.records("Thing", "code,unitPrice,note")).toEqual([
      { code: "a", unitPrice: 1, note: "x" },
      { code: "b", unitPrice: 2, note: null },
      { code: "c", unitPrice: 3, note: "y" },
      { code: "d", unitPrice: 4, note: "z" },
    ]);
    const { stdout } = await cli("import", "Thing", file, "--upsert-by", "code");
    expect(stdout).toMatch(/^Thing: 0 created, 2 updated, 3 unchanged, 1 refused\.\n/);
  });

  it("may follow an import that was cut short, although the file has changed", async () => {
    const file = write("things.csv", "code\na\n");
    const head = { target: `${served.baseUrl}${w.path}/Thing`, fingerprint: "another", salt: "" };
    const outcome = {
      number: 1,
      key: "k",
      counts: { created: 3, updated: 0, unchanged: 0, refused: 0 },
      refused: [],
    };
    writeFileSync(`${file}.Thing.import`, `${JSON.stringify(head)}\n${JSON.stringify(outcome)}\n`);
    const plain = await importOf(file);
    expect(plain).toMatchObject({ code: 2, stderr: expect.stringContaining("3 rows are stored") });
    expect(await importOf(file, "--upsert-by", "code")).toMatchObject({ code: 0, summary: { created: 1 } });
    expect(stateOf(file)).toBe(false);
  });
});

describe("a state", () => {
  it("belongs to one deployment, so the file can be imported elsewhere meanwhile", async () => {
    const other = await makeServedWorkspace(served.baseUrl, thing);
    const file = write("things.csv", "code\na\n");
    const head = `${JSON.stringify({ target: `${served.baseUrl}${other.path}/Thing`, fingerprint: "x", salt: "" })}\n`;
    writeFileSync(`${file}.Thing.import`, head);
    expect(await importOf(file)).toMatchObject({ code: 0, summary: { created: 1 } });
    expect(readFileSync(`${file}.Thing.import`, "utf8")).toBe(head);
  });
});
