import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COLUMN_TYPES } from "../../../src/model/column.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { planRecordView } from "../../../src/query/plan/plan-list.ts";
import { compileRecordView } from "../../../src/query/sql/record/compile-record-view.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";
import { type ColumnSketch, reference, sketchCatalog } from "../../support/sketch-catalog.ts";

const everyType = COLUMN_TYPES.map((type): ColumnSketch => {
  if (type === "ENUM") return { name: "ofEnum", type, values: ["A", "B"] };
  if (type === "DECIMAL") return { name: "ofDecimal", type, precision: 15, scale: 2 };
  return { name: `of${type}`, type };
});

/** A tree of nodes, with every type nullable, and marks on nodes to make the relationships of each kind. */
const catalog = sketchCatalog([
  {
    name: "Node",
    columns: [...everyType, reference("parentId", "Node", { relationship: "parent", inverse: "children" })],
    relationships: [
      { name: "marks", type: "MANY_TO_MANY", through: "NodeMark", source: "nodeId", target: "markId" },
    ],
  },
  { name: "Mark", columns: everyType },
  {
    name: "NodeMark",
    columns: [
      reference("nodeId", "Node", { relationship: "node", inverse: null, nullable: false }),
      reference("markId", "Mark", { relationship: "mark", inverse: null, nullable: false }),
    ],
  },
]);
const node = targetIn(catalog, "Node");

type ById = ReadonlyMap<unknown, JsonObject>;

/** All records as a list without expansions returns them. */
function plainRecords(database: TestDatabase, name: string): ById {
  const { data } = database.answer(compileListOf(targetIn(catalog, name), "size=1000"));
  return new Map(data.map((record) => [record.id, record]));
}

describe("whatever the values, nulls among them", () => {
  it("an expanded record is the listed one", () => {
    fc.assert(
      fc.property(fc.nat(10_000), (seed) => {
        const { database, world } = sampleWorld(catalog, seed);
        const nodes = plainRecords(database, "Node");
        const marks = plainRecords(database, "Mark");
        const query = "size=1000&expand=parent.children,marks";
        for (const { parent, marks: marked, ...own } of database.answer(compileListOf(node, query)).data) {
          expect(own).toEqual(nodes.get(own.id));
          const markIds = (world.records.NodeMark ?? [])
            .filter(({ nodeId }) => nodeId === own.id)
            .map(({ markId }) => Number(markId));
          const expected = [...new Set(markIds)].sort((left, right) => left - right);
          expect(marked).toEqual(expected.map((id) => marks.get(id)));
          const children = [...nodes.values()].filter(({ parentId }) => parentId === own.parentId);
          expect(parent).toEqual(own.parentId === null ? null : { ...nodes.get(own.parentId), children });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("a record by its id is that of a list", () => {
    const { database } = sampleWorld(catalog, 7);
    const query = "expand=parent,children,marks";
    const plan = planRecordView(node, new URLSearchParams(query));
    for (const record of database.answer(compileListOf(node, query)).data)
      expect(database.show(compileRecordView(plan, Number(record.id)))?.record).toEqual(record);
  });

  it.each(everyType)("a null $type stays null", ({ name }) => {
    const database = new TestDatabase(catalog);
    database.insert(node.entity, {});
    database.insert(node.entity, { parentId: 1 });
    const [, child] = database.answer(compileListOf(node, "expand=parent")).data;
    expect(child?.parent).toMatchObject({ [name]: null });
  });
});
