import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../src/model/sql-value.ts";
import { runSql } from "../support/database.ts";

/*
 * The SQL that the product relies on, with its required meaning on every engine: the embedded one (SQLite 3.45), and
 * the server of TEST_LIBSQL_URL.
 */

/** Each function, an expression, and its value. */
const FUNCTIONS: Readonly<Record<string, readonly [expression: string, value: SqlValue]>> = {
  abs: ["abs(-5)", 5],
  avg: ["(SELECT avg(x) FROM (SELECT 1 AS x UNION ALL SELECT 2))", 1.5],
  changes: ["typeof(changes())", "integer"],
  coalesce: ["coalesce(NULL, 2)", 2],
  count: ["(SELECT count(*) FROM (SELECT 1 UNION ALL SELECT NULL))", 2],
  group_concat: ["(SELECT group_concat(x, '-') FROM (SELECT 1 AS x UNION ALL SELECT 2))", "1-2"],
  hex: ["hex('ä')", "C3A4"],
  iif: ["iif(NULL IS NULL, 1, 2)", 1],
  instr: ["instr('bücher', 'c')", 3],
  json: [`json(' {"a": 1.50, "b": 12345678901234567890} ')`, '{"a":1.50,"b":12345678901234567890}'],
  json_array: [`json_array(1, 'a', NULL, json('{"b":2}'))`, '[1,"a",null,{"b":2}]'],
  json_each: [
    `(SELECT group_concat(key || type || atom || fullkey) FROM json_each('[1,"x"]'))`,
    "0integer1$[0],1textx$[1]",
  ],
  json_extract: [`json_extract('{"a":[1,2]}', '$.a[1]')`, 2],
  json_group_array: ["(SELECT json_group_array(x) FROM (SELECT 1 AS x UNION ALL SELECT 2))", "[1,2]"],
  json_insert: ["json_insert('[1]', '$[#]', json('{\"a\":2}'))", '[1,{"a":2}]'],
  json_object: ["json_object('a', 9007199254740993)", '{"a":9007199254740993}'],
  json_tree: [`(SELECT count(*) FROM json_tree('{"a":[1,2.5]}') WHERE type IN ('integer', 'real'))`, 2],
  json_type: [`json_type('{"a":null}', '$.a')`, "null"],
  json_valid: ["json_valid('{') || json_valid('[]')", "01"],
  last_insert_rowid: ["typeof(last_insert_rowid())", "integer"],
  length: ["length('ä😀') || length(CAST('ä😀' AS BLOB))", "26"],
  lower: ["lower('ÄBC')", "Äbc"],
  max: ["max(1, 3, 2)", 3],
  min: ["min(2, 1, 3)", 1],
  octet_length: ["octet_length('ä😀')", 6],
  printf: ["printf('%!.17g', 0.1) || printf('%d', 5)", "0.100000000000000015"],
  randomblob: ["length(randomblob(4))", 4],
  replace: ["replace('a.b.c', '.', '-')", "a-b-c"],
  row_number: [
    "(SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY 1) AS n FROM (SELECT 1 UNION SELECT 2)))",
    2,
  ],
  rtrim: ["rtrim('1.500', '0')", "1.5"],
  strftime: ["strftime('%Y-%m-%dT%H:%M:%fZ', '2026-02-28T13:05:00.123Z')", "2026-02-28T13:05:00.123Z"],
  substr: ["substr('bücher', 2, 3)", "üch"],
  sum: ["(SELECT sum(x) FROM (SELECT 1 AS x UNION ALL SELECT 2))", 3],
  total: ["(SELECT total(x) FROM (SELECT NULL AS x))", 0],
  trim: ["trim('  a ')", "a"],
  typeof: ["typeof(9223372036854775807 + 1)", "real"],
  unixepoch: ["unixepoch('2026-01-01T00:00:00Z')", 1767225600],
};

/** Other syntax, each with a query and its rows. */
const SYNTAX: Readonly<Record<string, readonly [query: string, rows: readonly (readonly SqlValue[])[]]>> = {
  "WITH and UNION ALL": ["WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2", [[1], [2]]],
  "row values": ["SELECT (1, 'a') = (1, 'a'), (1, 2) > (1, 1)", [[1, 1]]],
  "IS DISTINCT FROM by IS NOT": ["SELECT NULL IS NOT 1, NULL IS NULL", [[1, 1]]],
  "the JSON operator ->": [`SELECT '{"a":1.50}' -> '$.a'`, [["1.50"]]],
  "NULLS LAST": ["SELECT x FROM (SELECT NULL AS x UNION ALL SELECT 1) ORDER BY x NULLS LAST", [[1], [null]]],
  GLOB: ["SELECT 'T12' GLOB 'T[0-9]*'", [[1]]],
  "LIKE with ESCAPE": ["SELECT 'a%b' LIKE '%\\%%' ESCAPE '\\', 'AB' LIKE 'ab'", [[1, 1]]],
  "text order by code point": ["SELECT 'Z' < 'a', 'é' > 'z', '😀' > '\uffff'", [[1, 1, 1]]],
  "CASE that computes only the branch it takes": [
    "SELECT CASE WHEN x = 1 THEN 'one' ELSE json_extract('{}', 'CHANGE:x:1') END FROM (SELECT 1 AS x)",
    [["one"]],
  ],
};

const IN_BACKTICKS = /`(?:[^`\\]|\\.)*`/g;
const BUILT_IN =
  "abs avg changes char coalesce concat concat_ws count cume_dist dense_rank first_value format glob group_concat hex ifnull iif instr json json_array json_array_length json_each json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch json_quote json_remove json_replace json_set json_tree json_type json_valid jsonb lag last_insert_rowid last_value lead length like likelihood likely lower ltrim max min nth_value ntile nullif octet_length percent_rank printf random randomblob rank replace round row_number rtrim sign soundex sqlite_version strftime string_agg substr substring sum timediff total total_changes trim typeof unhex unicode unistr unixepoch unlikely upper zeroblob julianday";

const sources = import.meta.glob<string>(["../../src/**/*.ts", "../../drizzle/*.sql"], {
  query: "?raw",
  import: "default",
  eager: true,
});

function functionsIn(path: string, text: string): readonly string[] {
  const texts = path.endsWith(".sql") ? [text] : (text.match(IN_BACKTICKS) ?? []);
  const called = texts.flatMap((sql) =>
    [...sql.matchAll(/(?<![.\w$])([a-z_]+)\(/g)].map(([, name = ""]) => name),
  );
  const builtIn = new Set(BUILT_IN.split(" "));
  return called.filter((name) => builtIn.has(name));
}

describe("the SQL of the product", () => {
  it.each(Object.entries(FUNCTIONS))("%s() means the same on this engine", async (_, [expression, value]) => {
    expect(await runSql(`SELECT ${expression}`)).toEqual([[value]]);
  });

  it.each(Object.entries(SYNTAX))("%s means the same on this engine", async (_, [query, rows]) => {
    expect(await runSql(query)).toEqual(rows);
  });

  it("uses no function that is not listed here", () => {
    const used = new Set(Object.entries(sources).flatMap(([path, text]) => functionsIn(path, text)));
    expect(used.size).toBeGreaterThan(25);
    expect([...used].filter((name) => !Object.hasOwn(FUNCTIONS, name))).toEqual([]);
  });
});
