import { expect, it } from "vitest";
import { openNative } from "../engine/native.ts";
import {
  CLOSE,
  execute,
  pipeline,
  query,
  readResult,
  requireBaton,
  type StmtResult,
} from "./support/hrana.ts";
import { makeTempDir, startTestServer } from "./support/test-server.ts";

const SELECT = "SELECT * FROM t";

function names(result: StmtResult): string[] {
  return result.cols.map(({ name }) => name);
}

it.each([
  ["ALTER TABLE t ADD COLUMN c", ["a", "b", "c"]],
  ["ALTER TABLE t RENAME COLUMN b TO renamed", ["a", "renamed"]],
  ["ALTER TABLE t DROP COLUMN b", ["a"]],
])("gives cached statements their new columns after %s", async (alter, expected) => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a, b)");
  expect(names(await query(server, SELECT))).toEqual(["a", "b"]);
  await query(server, alter);
  expect(names(await query(server, SELECT)), "no rows").toEqual(expected);
  await query(server, "INSERT INTO t (a) VALUES (1)");
  expect((await query(server, SELECT)).rows[0]).toHaveLength(expected.length);
});

it("takes columns back when the transaction that changed them rolls back", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a, b)");
  const rename = execute("ALTER TABLE t RENAME COLUMN b TO renamed");
  const answer = await pipeline(server, [
    execute("BEGIN"),
    execute("SAVEPOINT s"),
    rename,
    execute(SELECT),
    execute("ROLLBACK TO s"),
    execute(SELECT),
    rename,
    execute(SELECT),
    execute("ROLLBACK"),
    execute(SELECT),
    CLOSE,
  ]);
  const seen = [3, 5, 7, 9].map((index) => names(readResult(answer, index))[1]);
  expect(seen).toEqual(["renamed", "b", "renamed", "b"]);
});

it("shows a reader of an old snapshot the old columns, and the new ones afterwards", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a, b)");
  const reader = await pipeline(server, [execute("BEGIN"), execute(SELECT)]);
  await query(server, "ALTER TABLE t RENAME COLUMN b TO renamed");
  const later = await pipeline(
    server,
    [execute(SELECT), execute("COMMIT"), execute(SELECT), CLOSE],
    requireBaton(reader),
  );
  expect([names(readResult(later, 0)), names(readResult(later, 2))]).toEqual([
    ["a", "b"],
    ["a", "renamed"],
  ]);
});

it("notices a change made by another program", async () => {
  const file = `${await makeTempDir()}/shared.db`;
  const server = await startTestServer({ file });
  await query(server, "CREATE TABLE t (a, b)");
  expect(names(await query(server, SELECT))).toEqual(["a", "b"]);
  const other = openNative(file);
  other.exec("ALTER TABLE t RENAME COLUMN b TO renamed");
  other.close();
  expect(names(await query(server, SELECT))).toEqual(["a", "renamed"]);
});

it("lets every stream write by the present schema, whatever its connection has seen", async () => {
  const server = await startTestServer();
  const recreate = (columns: string) => ({
    type: "sequence",
    sql: `DROP TABLE IF EXISTS t; CREATE TABLE t ${columns}`,
  });
  const insert = execute("INSERT INTO t VALUES (1, 2)");
  const runAll = async (requests: readonly unknown[], baton?: string) => {
    const answer = await pipeline(server, [...requests], baton);
    for (const [index] of requests.entries()) readResult(answer, index);
    return answer;
  };
  await runAll([recreate("(a)"), CLOSE]);
  const reader = requireBaton(await runAll([execute("SELECT a FROM t")]));
  await runAll([recreate("(a, b)"), CLOSE]);
  // Prepares the statement, whose own schema change then makes SQLite prepare it anew.
  const writer = requireBaton(await runAll([insert, recreate("(a)")]));
  await runAll([recreate("(a, b)"), CLOSE]);
  await runAll([insert, CLOSE], reader);
  await runAll([insert, CLOSE], writer);
  await runAll([insert, CLOSE]);
});
