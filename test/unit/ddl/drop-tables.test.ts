import { expect, it } from "vitest";
import { dropTables } from "../../../src/ddl/compile-entity.ts";
import { reference, sketchCatalog } from "../../support/sketch-catalog.ts";

/** The steps, without quotes, for entities by name and the entities that each refers to. */
function stepsOf(references: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const sketches = Object.entries(references).map(([name, targets]) => ({
    name,
    columns: targets.map((target) =>
      reference(`of${target}`, target, { relationship: target.toLowerCase(), inverse: null }),
    ),
  }));
  const statements = dropTables([...sketchCatalog(sketches).entities.values()]);
  return statements.flatMap(({ sql }) => {
    const [, verb, table, , column = ""] =
      /^(ALTER|DROP) TABLE "w1_(\w+)"( ALTER COLUMN "(\w+)")?/.exec(sql) ?? [];
    return verb ? [`${verb} ${table} ${column}`.trim()] : [];
  });
}

it("drops unreferenced tables first, and removes no references if there is no circle", () => {
  expect(stepsOf({ A: [], B: ["A"], C: ["A", "B"], D: ["C"] })).toEqual([
    "DROP ds",
    "DROP cs",
    "DROP bs",
    "DROP as",
  ]);
});

it("removes the fewest references that open a circle", () => {
  expect(stepsOf({ A: ["A"] })).toEqual(["ALTER as of_a", "DROP as"]);
  expect(stepsOf({ A: ["C"], B: ["A", "A"], C: ["B"] })).toEqual([
    "ALTER cs of_b",
    "DROP bs",
    "DROP as",
    "DROP cs",
  ]);
});
