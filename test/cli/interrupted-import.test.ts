import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { environmentOf, type RunningCli, startCli } from "../support/processes/cli-process.ts";
import {
  type Fate,
  type HttpProxy,
  type SeenRequest,
  startHttpProxy,
} from "../support/processes/http-proxy.ts";
import { findFreePort } from "../support/processes/serve-process.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* Imports whose requests fail, whose responses get lost, and which are killed. Nothing in `Line` is unique. */

const ROWS = 1000;
const line = {
  name: "Line",
  columns: [{ name: "number", type: "INTEGER", nullable: false, constraints: [{ type: "MIN", value: 1 }] }],
};

let served: Served;
let directory = "";
let w: ServedWorkspace;
let proxy: HttpProxy;
let decide: (seen: SeenRequest) => Fate | Promise<Fate>;
let bulks: number;

beforeAll(async () => {
  served = await serveWorker();
  directory = mkdtempSync(join(tmpdir(), "cli-interrupted-"));
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, line);
  bulks = 0;
  proxy = await startHttpProxy(served.baseUrl, (seen) => {
    return seen.path.includes("/bulk") ? decide({ ...seen, number: ++bulks }) : "PASS";
  });
});

afterEach(() => proxy.stop());

function write(numbers: readonly number[]): string {
  const file = join(mkdtempSync(join(directory, "t-")), "lines.csv");
  writeFileSync(file, `number\n${numbers.join("\n")}\n`);
  return file;
}

const numbersTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

function start(file: string, ...more: readonly string[]): RunningCli {
  return startCli(["import", "Line", file, "--json", ...more], environmentOf(proxy.url, w));
}

async function storedNumbers(): Promise<readonly number[]> {
  return (await w.records("Line", "number")).map(({ number }) => Number(number)).sort((a, b) => a - b);
}

describe("an import", () => {
  it("sends a batch again whose connection was cut, before or after it was written, and writes it once", async () => {
    decide = ({ number }) => (number > 8 ? "PASS" : number % 2 ? "CUT_AFTER" : "CUT_BEFORE");
    const { code, stdout } = await start(write(numbersTo(ROWS))).ended;
    expect({ code, summary: JSON.parse(stdout) }).toMatchObject({ code: 0, summary: { succeeded: ROWS } });
    expect(await storedNumbers()).toEqual(numbersTo(ROWS));
    expect(bulks).toBe(8 + ROWS / 100);
  });

  it.each([429, 503])("waits as long as a %d asks for, and says why", async (status) => {
    let refusedAt = 0;
    let waitedMs = 0;
    decide = ({ number }) => {
      if (number === 2) waitedMs = performance.now() - refusedAt;
      if (number > 1) return "PASS";
      refusedAt = performance.now();
      const error = { code: "X", message: "not now" };
      return { status, headers: { "Retry-After": "1" }, body: JSON.stringify({ error }) };
    };
    const { code, stderr } = await start(write([1, 2, 3])).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/not now.* \(waiting 1 s\)/) });
    expect(waitedMs).toBeGreaterThanOrEqual(990);
    expect(await storedNumbers()).toEqual([1, 2, 3]);
  });

  it("that was killed continues where it stopped, and writes each row once", async () => {
    const file = write(numbersTo(ROWS));
    let running: RunningCli | undefined;
    decide = ({ number }) => {
      if (number === 5) running?.child.kill("SIGKILL");
      return "PASS";
    };
    running = start(file);
    expect((await running.ended).code).toBe(null);
    expect(existsSync(`${file}.Line.import`)).toBe(true);
    const sentBefore = bulks;
    decide = () => "PASS";
    const { code, stdout } = await start(file).ended;
    expect({ code, summary: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      summary: { succeeded: ROWS, failed: 0, fromEarlierRuns: expect.any(Number) },
    });
    expect(bulks - sentBefore).toBeLessThan(ROWS / 100);
    expect(await storedNumbers()).toEqual(numbersTo(ROWS));
    expect(existsSync(`${file}.Line.import`)).toBe(false);
  });

  it("that was killed and lost its state writes nothing twice", async () => {
    const file = write(numbersTo(ROWS));
    let running: RunningCli | undefined;
    decide = ({ number }) => {
      if (number === 7) running?.child.kill("SIGKILL");
      return "PASS";
    };
    running = start(file);
    await running.ended;
    rmSync(`${file}.Line.import`);
    decide = () => "PASS";
    expect(await start(file).ended).toMatchObject({ code: 0 });
    expect(await storedNumbers()).toEqual(numbersTo(ROWS));
  });

  it("whose server is down ends with exit code 3, and continues when it is back", async () => {
    const file = write(numbersTo(ROWS));
    decide = ({ number }) => (number > 4 ? "CUT_BEFORE" : "PASS");
    const { code, stderr } = await start(file, "--retries", "1").ended;
    expect({ code, failure: JSON.parse(stderr) }).toMatchObject({
      code: 3,
      failure: { error: { code: "UNREACHABLE", message: expect.stringContaining("Cannot reach") } },
    });
    decide = () => "PASS";
    expect(await start(file).ended).toMatchObject({ code: 0 });
    expect(await storedNumbers()).toEqual(numbersTo(ROWS));
  });

  it("keeps its errors file complete across runs", async () => {
    const file = write(numbersTo(ROWS).map((number) => (number % 100 === 50 ? -number : number)));
    decide = ({ number }) => (number > 4 ? "CUT_BEFORE" : "PASS");
    expect(await start(file, "--retries", "0").ended).toMatchObject({ code: 3 });
    decide = () => "PASS";
    for (let run = 0; run < 2; run++) {
      const { code, stdout } = await start(file).ended;
      expect({ code, summary: JSON.parse(stdout) }).toMatchObject({
        code: 1,
        summary: { succeeded: ROWS - 10, failed: 10 },
      });
    }
    expect(await storedNumbers()).toHaveLength(ROWS - 10);
  });

  it("of a file that has changed since it was imported in part is refused", async () => {
    const numbers = numbersTo(ROWS);
    const file = write(numbers);
    decide = ({ number }) => (number > 4 ? "CUT_BEFORE" : "PASS");
    expect(await start(file, "--retries", "0").ended).toMatchObject({ code: 3 });
    const before = await storedNumbers();
    writeFileSync(file, `number\n${numbers.map((number) => number + 1).join("\n")}\n`);
    decide = () => "PASS";
    expect(await start(file).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("has changed since it was imported in part"),
    });
    expect(await storedNumbers()).toEqual(before);
  });

  it("without a listening server ends with exit code 3", async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const environment = { ...environmentOf(proxy.url, w), SCHEMASTACK_URL: url };
    const { code, stderr } = await startCli(["import", "Line", write([1]), "--retries", "0"], environment)
      .ended;
    expect({ code, stderr }).toEqual({ code: 3, stderr: `Cannot reach ${url} — is the server running?\n` });
  });
});
