import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../../src/model/sql-value.ts";
import { encoderOf } from "../../../src/query/export/encoder-of.ts";
import { EXPORT_CHUNK_SIZE } from "../../../src/query/limits.ts";
import { planExport } from "../../../src/query/plan/plan-list.ts";
import { compileChunk } from "../../../src/query/sql/page/compile-list.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";

const catalog = shopCatalog();

function exported(database: TestDatabase, query: string): { text: string; chunks: number } {
  const plan = planExport(targetIn(catalog, "Order"), new URLSearchParams(query));
  const { head, encode } = encoderOf(plan);
  let text = head;
  let chunks = 0;
  let after: readonly SqlValue[] | null = null;
  do {
    const chunk: { records: Parameters<typeof encode>[0]; next: readonly SqlValue[] | null } =
      database.answer(compileChunk(plan, after, EXPORT_CHUNK_SIZE));
    text += encode(chunk.records);
    after = chunk.next;
    chunks++;
  } while (after);
  return { text, chunks };
}

describe("an export", () => {
  it("contains every matching record once, in order, chunk by chunk", () => {
    const database = new TestDatabase(catalog);
    database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500)
      INSERT INTO w1_orders (number, status, total) SELECT i % 7, 'NEW', nullif(i % 3, 0) FROM n`);
    const query = "format=ndjson&fields=id,number&sort=total,desc&filter[number.gt]=0";
    const { text, chunks } = exported(database, query);
    const records = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(chunks).toBe(3);
    expect(new Set(records.map(({ id }) => id)).size).toBe(3000);
    expect(records.every(({ number }) => number > 0)).toBe(true);
  });

  it("writes RFC 4180, and text that no spreadsheet runs", () => {
    const database = new TestDatabase(catalog);
    const insert = (note: string | null, total: number) =>
      database.insert(entityOf(catalog, "Order"), { number: 1, status: "NEW", note, total });
    const plain = ["plain", 'a,"b"', "two\r\nlines", "'quoted'"];
    for (const note of [...plain, "=1+1", "@SUM(A1)", "-2", "'=1", "''-", "", null]) insert(note, -150);
    expect(exported(database, "fields=note,total").text).toBe(
      [
        "total,note",
        "-1.5,plain",
        '-1.5,"a,""b"""',
        '-1.5,"two\r\nlines"',
        "-1.5,'quoted'",
        "-1.5,'=1+1",
        "-1.5,'@SUM(A1)",
        "-1.5,'-2",
        "-1.5,''=1",
        "-1.5,'''-",
        '-1.5,""',
        "-1.5,",
        "",
      ].join("\r\n"),
    );
  });

  it("leaves formulas as they are on request", () => {
    const database = new TestDatabase(catalog);
    for (const note of ["=1+1", "'=1"]) {
      database.insert(entityOf(catalog, "Order"), { number: 1, status: "NEW", note });
    }
    expect(exported(database, "fields=note&escapeFormulas=false").text).toBe("note\r\n=1+1\r\n'=1\r\n");
    expect(() => exported(database, "escapeFormulas=no")).toThrow("must be true or false");
  });

  it("of nothing is a header, or nothing", () => {
    const database = new TestDatabase(catalog);
    expect(exported(database, "fields=id").text).toBe("id\r\n");
    expect(exported(database, "format=ndjson").text).toBe("");
  });
});
