import { expect, it } from "vitest";
import {
  type Layout,
  layoutDiagram,
  type PlacedBox,
} from "../../../tools/docs-page/browser/layout-diagram.ts";
import { HEADER_HEIGHT, ROW_HEIGHT } from "../../../tools/docs-page/browser/measure-entity.ts";
import { renderDiagram } from "../../../tools/docs-page/browser/render-diagram.ts";
import type {
  ColumnDescription,
  EntityDescription,
} from "../../../tools/docs-page/browser/workspace-description.ts";

const entity = (name: string, ...columns: ColumnDescription[]): EntityDescription => ({
  name,
  columns: [{ name: "id", type: "INTEGER", nullable: false, unique: true }, ...columns],
  relationships: [],
});

const to = (target: string, rest: Partial<ColumnDescription> = {}): ColumnDescription => ({
  name: `${target.toLowerCase()}Id`,
  type: "INTEGER",
  nullable: false,
  references: { entity: target, relationship: target.toLowerCase() },
  ...rest,
});

const many = (count: number, columnCount: number): readonly EntityDescription[] =>
  Array.from({ length: count }, (_, i) => {
    const references = [i % 3, i % 7].filter((j) => j < i).map((j) => to(`Entity${j}`));
    const plain = Array.from({ length: columnCount }, (_, j) => ({ name: `column${j}`, type: "VARCHAR" }));
    return entity(`Entity${i}`, ...(i % 10 === 9 ? [] : references), ...plain);
  });

const overlaps = (a: PlacedBox, b: PlacedBox) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function expectReadable({ boxes, width, height }: Layout): void {
  for (const [i, box] of boxes.entries()) {
    expect(
      boxes.slice(i + 1).filter((other) => overlaps(box, other)),
      box.name,
    ).toEqual([]);
    expect([box.x >= 0, box.y >= 0, box.x + box.width <= width, box.y + box.height <= height]).not.toContain(
      false,
    );
  }
}

for (const direction of ["LR", "TB"] as const) {
  for (const count of [1, 2, 40, 200]) {
    it(`${count} entities stand apart and inside the picture, ${direction}`, () => {
      const entities = many(count, 6);
      const layout = layoutDiagram({ entities, direction, aspect: 1.6 });
      expect(layout.boxes.map(({ name }) => name).sort()).toEqual(entities.map(({ name }) => name).sort());
      expectReadable(layout);
    });
  }

  it(`a line goes from the edge of one box to the edge of the other, ${direction}`, () => {
    const layout = layoutDiagram({ entities: many(12, 3), direction, aspect: 1 });
    const boxes = new Map(layout.boxes.map((box) => [box.name, box]));
    expect(layout.lines.length).toBeGreaterThan(10);
    for (const { from, to: target, points } of layout.lines) {
      const ends = [
        [boxes.get(from), points[0]],
        [boxes.get(target), points.at(-1)],
      ] as const;
      for (const [box, point] of ends) {
        if (!box || !point) throw new Error(`${from} → ${target} has no end`);
        const onSide = point.x === box.x || point.x === box.x + box.width;
        const onTop = point.y === box.y || point.y === box.y + box.height;
        expect(direction === "LR" ? onSide : onTop, `${from} → ${target}`).toBe(true);
      }
    }
  });
}

it("lines between the same two entities end apart, in the order of their starts", () => {
  const references = ["first", "second", "third"].map((relationship) =>
    to("B", { name: `${relationship}Id`, references: { entity: "B", relationship } }),
  );
  const entities = [entity("A", ...references), entity("B")];
  const { lines, boxes } = layoutDiagram({ entities, direction: "LR", aspect: 1 });
  const ends = lines.map(({ points }) => points.at(-1)?.y ?? Number.NaN);
  const target = boxes.find(({ name }) => name === "B");
  expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  expect(new Set(ends).size).toBe(3);
  const idRow = (target?.y ?? 0) + HEADER_HEIGHT;
  expect(ends.every((end) => end > idRow && end < idRow + ROW_HEIGHT)).toBe(true);
});

it("columns have their keys, types and whether they may be null", () => {
  const entities = [
    entity(
      "Order",
      { name: "number", type: "VARCHAR", length: 40, nullable: false, unique: true },
      { name: "total", type: "DECIMAL", precision: 12, scale: 2 },
      to("Customer"),
    ),
    entity("Customer"),
  ];
  const { boxes } = layoutDiagram({ entities, direction: "LR", aspect: 1 });
  expect(boxes.find(({ name }) => name === "Order")?.rows).toEqual([
    { key: "PK", name: "id", type: "integer" },
    { key: "UQ", name: "number", type: "varchar(40)" },
    { key: "", name: "total", type: "decimal(12,2)?" },
    { key: "FK", name: "customerId", type: "integer" },
  ]);
});

it("a long entity shows its keys, and how many more columns it has", () => {
  const [long] = many(1, 50);
  const entities = long ? [{ ...long, columns: [...long.columns, to("Entity0", { name: "last" })] }] : [];
  const layout = layoutDiagram({ entities, direction: "LR", aspect: 1 });
  const [box] = layout.boxes;
  expect(box?.rows.slice(0, 3).map(({ name }) => name)).toEqual(["id", "last", "column0"]);
  expect((box?.rows.length ?? 0) + (box?.hidden ?? 0)).toBe(52);
  expect(renderDiagram(layout)).toContain(`and ${box?.hidden} more`);
});

it("cardinality is at the ends of a line and in words", () => {
  const entities = [
    entity("A", to("B"), to("C", { nullable: true }), to("D", { unique: true }), to("A", { nullable: true })),
    ...["B", "C", "D"].map((name) => entity(name)),
  ];
  const svg = renderDiagram(layoutDiagram({ entities, direction: "LR", aspect: 1 }));
  const lines = [
    ...svg.matchAll(/marker-start="url\(#(\w+)\)" marker-end="url\(#(\w+)\)"><title>(.*?)<\/title>/g),
  ];
  expect(lines.map(([, ...rest]) => rest)).toEqual([
    ["many", "one", "A.b → B: many to one, required"],
    ["many", "maybe", "A.c → C: many to one, optional"],
    ["maybe", "one", "A.d → D: one to one, required"],
    ["many", "maybe", "A.a → A: many to one, optional"],
  ]);
});

it("names are text in the picture, whatever they contain", () => {
  const entities = [entity('<b>"&', { name: "<script>", type: "VARCHAR" })];
  const svg = renderDiagram(layoutDiagram({ entities, direction: "LR", aspect: 1 }));
  expect(svg).toContain("&lt;b&gt;&quot;&amp;</text>");
  expect(svg).not.toContain("<script>");
});
