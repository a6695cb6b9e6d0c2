import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COLUMN_TYPES } from "../../../src/model/column.ts";
import { treeOf } from "../../support/query/arbitrary.ts";
import { matches } from "../../support/query/evaluate.ts";
import { compileListOf, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";
import { type ColumnSketch, type EntitySketch, sketchCatalog } from "../../support/sketch-catalog.ts";

const NAMES = ["Alpha", "Beta", "Gamma"] as const;

/** Three entities with any columns and id types, each referring to the one before it and to itself. */
const schema = fc
  .tuple(
    ...NAMES.map(() =>
      fc.record({ idType: fc.constantFrom("INTEGER", "UUID"), columns: columnsArbitrary() }),
    ),
  )
  .map((parts): EntitySketch[] =>
    parts.map(({ idType, columns }, index) => {
      const earlier = index > 0 ? [index - 1, index] : [index];
      const references = earlier.map(
        (to): ColumnSketch => ({
          name: `ref${to}`,
          type: parts[to]?.idType ?? "INTEGER",
          references: {
            entity: NAMES[to] ?? "",
            relationship: `to${to}`,
            inverse: `from${index}`,
            onDelete: "RESTRICT",
          },
        }),
      );
      return { name: NAMES[index] ?? "", idType, columns: [...columns, ...references] };
    }),
  );

function columnsArbitrary(): fc.Arbitrary<ColumnSketch[]> {
  const column = fc.record({
    type: fc.constantFrom(...COLUMN_TYPES),
    nullable: fc.boolean(),
    indexed: fc.boolean(),
  });
  return fc.array(column, { minLength: 1, maxLength: 6 }).map((columns) =>
    columns.map((rest, index) => ({
      ...rest,
      name: `field${index}`,
      ...(rest.type === "ENUM" && { values: ["A", "B", "C"] }),
      ...(rest.type === "DECIMAL" && { precision: 15, scale: 2 }),
    })),
  );
}

describe("over any schema", () => {
  it("a filter finds what the evaluator finds, whatever the types, the indexes and the ids", () => {
    fc.assert(
      fc.property(schema, fc.nat(1000), fc.infiniteStream(fc.nat()), (sketches, seed, random) => {
        const catalog = sketchCatalog(sketches);
        const { world, database } = sampleWorld(catalog, seed);
        for (const name of NAMES) {
          const target = targetIn(catalog, name);
          const trees = fc.sample(treeOf(catalog, target.entity, { hops: 2, depth: 2 }), {
            seed: Number(random.next().value),
            numRuns: 20,
          });
          for (const tree of trees) {
            const params = new URLSearchParams({ size: "1000", fields: "id", filter: JSON.stringify(tree) });
            const { data } = database.answer(compileListOf(target, params.toString()));
            const expected = (world.records[name] ?? []).filter((record) =>
              matches(world, target.entity, { tree, record }),
            );
            expect(data, JSON.stringify(tree)).toEqual(expected.map(({ id }) => ({ id })));
          }
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 60) },
    );
  });
});
