import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXPORT_CHUNK_SIZE } from "../../src/query/limits.ts";
import { OPERATOR_NAMES } from "../../src/query/operators.ts";
import { planAggregate } from "../../src/query/plan/plan-aggregate.ts";
import { planExport, planList } from "../../src/query/plan/plan-list.ts";
import { compileAggregate } from "../../src/query/sql/aggregate/compile-aggregate.ts";
import { compileChunk, compileList } from "../../src/query/sql/page/compile-list.ts";
import { readAirData } from "../../tools/seed/air-data.ts";
import { AIR_ENTITIES } from "../../tools/seed/air-schema.ts";
import { TestDatabase } from "../support/query/database.ts";
import { entityOf, targetIn } from "../support/query/shop.ts";
import { type ColumnSketch, sketchCatalog } from "../support/sketch-catalog.ts";

const text = readFileSync(new URL("../../docs/query-language.md", import.meta.url), "utf8");
const examples = text.split("\n").filter((line) => line.startsWith("curl "));

const catalog = sketchCatalog(
  AIR_ENTITIES.map(({ name, columns }) => ({
    name,
    // The admin document leaves out the type of a reference, and queries ignore constraints.
    columns: columns.map((column) => ({ type: "INTEGER", ...column, constraints: [] }) as ColumnSketch),
  })),
);
const database = new TestDatabase(catalog);
const { airports, flights } = readAirData();
database.transaction(() => {
  for (const airport of airports) database.insert(entityOf(catalog, "Airport"), airport);
  for (const flight of flights) database.insert(entityOf(catalog, "Flight"), flight);
});

/** The records, groups or lines that a curl line of the docs returns. */
function answerOf(example: string): readonly unknown[] {
  const [, entity = "", action = "", query = ""] =
    /\$AIR\/(\w+)(?:\/(\w+))?(?:\?([^"]*))?"/.exec(example) ?? [];
  const encoded = /--data-urlencode '([^=]+)=([^']*)'/.exec(example);
  const params = new URLSearchParams(encoded ? [[encoded[1] ?? "", encoded[2] ?? ""]] : query);
  const target = targetIn(catalog, entity);
  if (action === "aggregate") return database.answer(compileAggregate(planAggregate(target, params))).data;
  if (action === "export")
    return database.answer(compileChunk(planExport(target, params), null, EXPORT_CHUNK_SIZE)).records;
  return database.answer(compileList(planList(target, params))).data;
}

describe("docs/query-language.md", () => {
  it.each(examples)("%s", (example) => {
    expect(answerOf(example)).not.toEqual([]);
  });

  it.each(OPERATOR_NAMES)("shows %s", (operator) => {
    expect(text).toContain(`**${operator}**`);
  });
});
