import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { type ChildServer, spawnMain, startChildServer } from "./support/child-server.ts";
import { CLOSE, execute, pipeline, plainRows, post, query, requireBaton } from "./support/hrana.ts";
import { makeTempDir, startTestServer } from "./support/test-server.ts";

const WRITERS = 8;
const ACKNOWLEDGED_BEFORE_KILL = 400;

/** Inserts until the server is gone; `onAcknowledged` sees every id whose transaction was confirmed. */
async function writeUntilDead(server: ChildServer, writer: number, onAcknowledged: (id: number) => void) {
  for (let index = 0; ; index += 1) {
    const id = index * WRITERS + writer;
    const steps = ["BEGIN IMMEDIATE", `INSERT INTO t VALUES (${id})`, "COMMIT"].map((sql) => ({
      stmt: { sql },
    }));
    try {
      const response = await post(server, { requests: [{ type: "batch", batch: { steps } }, CLOSE] });
      const answer = (await response.json()) as {
        results: { response: { result: { step_errors: unknown[] } } }[];
      };
      if (answer.results[0]?.response.result.step_errors.every((error) => error === null)) onAcknowledged(id);
    } catch {
      return;
    }
  }
}

it("loses no acknowledged write when it is killed under load", async () => {
  const file = `${await makeTempDir()}/killed.db`;
  const child = await startChildServer(["--file", file, "--port", "0"]);
  await query(child, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const acknowledged: number[] = [];
  const enough = Promise.withResolvers<void>();
  const writers = Array.from({ length: WRITERS }, (_, writer) =>
    writeUntilDead(child, writer, (id) => {
      acknowledged.push(id);
      if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) enough.resolve();
    }),
  );
  await enough.promise;
  expect(await child.stop("SIGKILL")).toBeNull();
  await Promise.all(writers);

  const revived = await startTestServer({ file });
  const stored = new Set(plainRows(await query(revived, "SELECT id FROM t")).map(([id]) => Number(id)));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  expect(plainRows(await query(revived, "PRAGMA integrity_check"))).toEqual([["ok"]]);
});

it("ends cleanly on SIGTERM, rolling open transactions back", async () => {
  const file = `${await makeTempDir()}/stopped.db`;
  const child = await startChildServer(["--file", file, "--port", "0"]);
  await query(child, "CREATE TABLE t (a)");
  await query(child, "INSERT INTO t VALUES ('kept')");
  requireBaton(await pipeline(child, [execute("BEGIN"), execute("INSERT INTO t VALUES ('open')")]));
  expect(await child.stop("SIGTERM")).toBe(0);
  const revived = await startTestServer({ file });
  expect(plainRows(await query(revived, "SELECT a FROM t"))).toEqual([["kept"]]);
});

it("asks for the bearer token given by flag, else for the one that it prints", async () => {
  const file = `${await makeTempDir()}/token.db`;
  const statusesOf = async ({ url }: { url: string }, token: string) => {
    const answers = [{}, { authorization: `Bearer ${token}` }].map((headers) =>
      fetch(`${url}/v2`, { headers }),
    );
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  const given = await startChildServer(["--file", file, "--port", "0", "--auth-token", "secret"]);
  expect(await statusesOf(given, "secret")).toEqual([401, 200]);
  await given.stop("SIGTERM");
  const made = await startChildServer(["--file", file, "--port", "0"]);
  expect(await statusesOf(made, made.authToken ?? "none")).toEqual([401, 200]);
});

it.each([
  [
    "a taken port",
    (port: number, dir: string) => ["--file", `${dir}/x.db`, "--port", `${port}`],
    /^Port \d+ is already taken\n$/,
  ],
  ["no file", () => ["--port", "0"], /^Usage: [^\n]+\n$/],
  [
    "an empty token",
    (_port: number, dir: string) => ["--file", `${dir}/x.db`, "--auth-token", ""],
    /^Usage: [^\n]+\n$/,
  ],
  ["an unknown flag", () => ["--nonsense"], /^Unknown option '--nonsense'[^\n]*\n$/],
])("exits with 1 and one line for %s", async (_name, makeArgs, message) => {
  const other = await startTestServer();
  const child = spawnMain(makeArgs(other.port, await makeTempDir()));
  if (!child.stderr) throw new Error("the child has no standard error");
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(errors).toMatch(message);
  expect(code).toBe(1);
});
