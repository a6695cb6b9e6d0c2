import { spawn } from "node:child_process";
import { text as readAll } from "node:stream/consumers";
import { createClient } from "@libsql/client/web";
import * as hrana from "@libsql/hrana-client";
import { connect } from "@tursodatabase/serverless";
import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql/web";
import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, it, onTestFinished } from "vitest";
import { startTestServer } from "./support/test-server.ts";

async function startClient(authToken?: string) {
  const server = await startTestServer({ stats: true, ...(authToken ? { authToken } : {}) });
  const client = createClient({ url: server.url, ...(authToken ? { authToken } : {}) });
  onTestFinished(() => client.close());
  const countRoundTrips = async () => {
    const headers = { authorization: `Bearer ${authToken}` };
    const response = await fetch(`${server.url}/_stats/total`, { headers });
    return ((await response.json()) as { count: number }).count;
  };
  return { server, client, countRoundTrips };
}

it("@libsql/client/web: execute and batch cost one round trip each", async () => {
  const { client, countRoundTrips } = await startClient("secret");
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  const inserted = await client.execute({ sql: "INSERT INTO t (name) VALUES (:name)", args: { name: "a" } });
  expect([inserted.rowsAffected, inserted.lastInsertRowid]).toEqual([1, 1n]);
  const [, rows] = await client.batch(
    [{ sql: "INSERT INTO t (name) VALUES (?)", args: ["b"] }, "SELECT * FROM t"],
    "write",
  );
  expect(rows?.rows.map((row) => ({ ...row }))).toEqual([
    { id: 1, name: "a" },
    { id: 2, name: "b" },
  ]);
  expect(await countRoundTrips()).toBe(3);
});

it("@libsql/client/web: a failing batch names its statement and rolls back", async () => {
  const { client } = await startClient();
  await client.execute("CREATE TABLE t (a UNIQUE)");
  const failing = client.batch(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"], "write");
  await expect(failing).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT", statementIndex: 1 });
  expect((await client.execute("SELECT * FROM t")).rows).toEqual([]);
});

it.each(["write", "read", "deferred"] as const)("@libsql/client/web: a %s transaction", async (mode) => {
  const { client } = await startClient();
  await client.execute("CREATE TABLE t (a)");
  const transaction = await client.transaction(mode);
  const insert = transaction.execute("INSERT INTO t VALUES (1)");
  if (mode === "read") await expect(insert).rejects.toMatchObject({ code: "SQLITE_READONLY" });
  else await insert;
  await transaction.commit();
  expect((await client.execute("SELECT * FROM t")).rows).toHaveLength(mode === "read" ? 0 : 1);
});

it("@libsql/client/web: migrate rebuilds a table without losing children", async () => {
  const { client } = await startClient();
  await client.executeMultiple(`
    CREATE TABLE p (id INTEGER PRIMARY KEY);
    CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);
    INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)`);
  await client.migrate([
    "CREATE TABLE p_new (id INTEGER PRIMARY KEY, extra)",
    "INSERT INTO p_new (id) SELECT id FROM p",
    "DROP TABLE p",
    "ALTER TABLE p_new RENAME TO p",
  ]);
  expect((await client.execute("SELECT p FROM c")).rows).toHaveLength(1);
  await expect(client.execute("INSERT INTO c VALUES (99)")).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT",
  });
});

it("@libsql/hrana-client: conditions, stored SQL, describe and autocommit", async () => {
  const server = await startTestServer();
  const client = hrana.openHttp(server.url);
  onTestFinished(() => client.close());
  const stream = client.openStream();
  await stream.sequence("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
  const stored = stream.storeSql("SELECT a FROM t");
  const batch = stream.batch(false);
  const failing = batch.step();
  const failed = failing.run("INSERT INTO t VALUES (1)").then(
    () => "ok",
    (error: unknown) => (error as { code?: string }).code,
  );
  const fallback = batch.step().condition(hrana.BatchCond.error(failing)).query(stored);
  await batch.execute();
  expect([await failed, (await fallback)?.rows.length]).toEqual(["SQLITE_CONSTRAINT", 1]);
  expect(await stream.describe("DELETE FROM t WHERE a = :a")).toMatchObject({
    paramNames: [":a"],
    columns: [],
    isExplain: false,
    isReadonly: false,
  });
  stream.close();
});

it("Drizzle: typed columns round trip, a batch and a rolled back transaction", async () => {
  const { client } = await startClient();
  const items = sqliteTable("items", {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    price: real(),
    data: blob({ mode: "buffer" }),
    at: integer({ mode: "timestamp_ms" }),
  });
  const db = drizzle(client);
  await db.run(
    sql`CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, price REAL, data BLOB, at INTEGER)`,
  );
  const item = { name: "naïve 😀", price: 0.1, data: Buffer.from([0, 255]), at: new Date(1_700_000_000_123) };
  const [created] = await db.insert(items).values(item).returning();
  expect({ ...created, data: Buffer.from(created?.data ?? []) }).toEqual({ id: 1, ...item });
  const [, updated] = await db.batch([
    db.update(items).set({ price: 2 }).where(eq(items.id, 1)),
    db.select({ price: items.price }).from(items),
  ]);
  expect(updated).toEqual([{ price: 2 }]);
  const undone = db.transaction(async (transaction) => {
    await transaction.delete(items);
    transaction.rollback();
  });
  await expect(undone).rejects.toThrow("Rollback");
  expect(await db.$count(items)).toBe(1);
});

it("libsql, the native package, over HTTP: statements, transactions and rows of a cursor", async () => {
  const server = await startTestServer({ authToken: "secret" });
  // The package blocks its thread, which must not be that of the server.
  const program = `
    const Database = require("libsql");
    const database = new Database(process.argv[1], { authToken: "secret" });
    database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    database.prepare("INSERT INTO t (name) VALUES (?)").run("a");
    database.transaction(() => database.exec("INSERT INTO t (name) VALUES ('b')"))();
    console.log(JSON.stringify(database.prepare("SELECT * FROM t ORDER BY id").all()));
  `;
  const child = spawn(process.execPath, ["-e", program, server.url], { cwd: import.meta.dirname });
  const [output, errors] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  expect([errors, JSON.parse(output || "null")]).toEqual([
    "",
    [
      { id: 1, name: "a" },
      { id: 2, name: "b" },
    ],
  ]);
});

it("@tursodatabase/serverless: statements, a batch, a transaction and rows one by one", async () => {
  const server = await startTestServer({ authToken: "secret" });
  const connection = connect({ url: server.url, authToken: "secret" });
  onTestFinished(() => connection.close());
  await connection.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  await connection.batch(["INSERT INTO t (name) VALUES ('a')", "INSERT INTO t (name) VALUES ('b')"]);
  const insert = await connection.prepare("INSERT INTO t (name) VALUES (?)");
  expect(await insert.run(["c"])).toMatchObject({ changes: 1, lastInsertRowid: 3 });
  const failing = connection.transaction(async () => {
    await insert.run(["undone"]);
    throw new Error("on purpose");
  });
  await expect(failing()).rejects.toThrow("on purpose");
  const names: string[] = [];
  const select = await connection.prepare("SELECT name FROM t ORDER BY id");
  for await (const row of select.iterate()) names.push(row.name);
  expect(names).toEqual(["a", "b", "c"]);
});
