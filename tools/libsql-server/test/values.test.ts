import fc from "fast-check";
import { expect, it } from "vitest";
import {
  execute,
  type HranaValue,
  pipeline,
  post,
  query,
  readResult,
  type StmtResult,
} from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({
  type: "integer",
  value: `${value}`,
}));
const float = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ type: "float", value }));
// U+0000 is left out: the driver cuts text at it when reading (README, "not imitated").
const text = fc
  .string({ unit: "binary" })
  .map((value) => ({ type: "text", value: value.replaceAll("\u0000", "") }));
const blob = fc.uint8Array({ maxLength: 200 }).map((bytes) => ({
  type: "blob",
  base64: Buffer.from(bytes).toString("base64").replace(/=+$/, ""),
}));
const value = fc.oneof(integer, float, text, blob, fc.constant({ type: "null" }));

it("returns any value exactly as it was sent, as parameter and from a table", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
      const places = values.map(() => "(?)").join(", ");
      const answer = await pipeline(server, [
        execute("DELETE FROM t"),
        execute(`INSERT INTO t (v) VALUES ${places} RETURNING v`, values),
        execute("SELECT v FROM t ORDER BY id"),
        { type: "close" },
      ]);
      expectSame(readResult<StmtResult>(answer, 1), values);
      expectSame(readResult<StmtResult>(answer, 2), values);
    }),
    { numRuns: 100 },
  );
});

function expectSame(result: StmtResult, values: HranaValue[]): void {
  expect(result.rows.map(([cell]) => cell)).toEqual(values.map(withoutStoredNegativeZero));
}

/** SQLite stores a REAL that is whole as an integer, which has no negative zero. */
function withoutStoredNegativeZero(sent: HranaValue): unknown {
  return Object.is(sent.value, -0) ? { type: "float", value: expect.closeTo(0) } : sent;
}

it("keeps a whole double a float and a long integer an integer", async () => {
  const server = await startTestServer();
  const result = await query(server, "SELECT 1.0, 1, 9007199254740993, typeof(?), typeof(?)", [
    { type: "float", value: 2 },
    { type: "integer", value: "2" },
  ]);
  expect(result.rows[0]).toEqual([
    { type: "float", value: 1 },
    { type: "integer", value: "1" },
    { type: "integer", value: "9007199254740993" },
    { type: "text", value: "real" },
    { type: "text", value: "integer" },
  ]);
});

it("writes infinity as null, as serde does", async () => {
  const server = await startTestServer();
  expect((await query(server, "SELECT 9e999")).rows).toEqual([[{ type: "float", value: null }]]);
});

it.each([
  { type: "integer", value: 1 },
  { type: "integer", value: "1.5" },
  { type: "integer", value: "9223372036854775808" },
  { type: "integer", value: "-9223372036854775809" },
  { type: "float", value: "1" },
  { type: "text", value: null },
  { type: "blob", base64: "*" },
  { type: "boolean", value: true },
  null,
])("answers 400 to %o, which is not a value", async (invalid) => {
  const server = await startTestServer();
  const response = await post(server, {
    requests: [{ type: "execute", stmt: { sql: "SELECT ?", args: [invalid] } }],
  });
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringMatching(/^Cannot deserialize client message from JSON: ./),
  ]);
});

it("passes more rows than the driver fetches at once", async () => {
  const server = await startTestServer();
  const sql =
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1001) SELECT i FROM n";
  const { rows } = await query(server, sql);
  expect(rows.map(([cell]) => Number(cell?.value))).toEqual(
    Array.from({ length: 1001 }, (_, index) => index + 1),
  );
});
