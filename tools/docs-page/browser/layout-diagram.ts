import { Graph, graphlib, layout, type Point } from "@dagrejs/dagre";
import { type Box, measureEntity } from "./measure-entity.ts";
import { packShelves } from "./pack-shelves.ts";
import { type Reference, referencesOf } from "./references.ts";
import { type Direction, LOOP_WIDTH, routeLine, routeLoop } from "./route-line.ts";
import type { EntityDescription } from "./workspace-description.ts";

const LABEL_CHARACTER = 6.4;
/** Space around the name, so that the line is visible. */
const LABEL_MARGIN = 24;
const LABEL_HEIGHT = 16;

/** A box whose upper left corner is at `x`, `y`. */
export interface PlacedBox extends Box, Point {}

/** A reference from entity to entity, and the position of its name. */
export interface Line extends Reference {
  readonly direction: Direction;
  readonly points: readonly Point[];
  readonly labelAt: Point;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly Line[];
}

export interface LayoutOptions {
  readonly entities: readonly EntityDescription[];
  /** Left to right, or top to bottom. */
  readonly direction: Direction;
  /** The approximate ratio of width to height. */
  readonly aspect: number;
}

/**
 * The positions of entities and the references between them. Unrelated groups of entities are laid out separately and
 * packed side by side.
 */
export function layoutDiagram({ entities, direction, aspect }: LayoutOptions): Layout {
  const boxes = new Map(entities.map((entity) => [entity.name, measureEntity(entity)]));
  const references = entities.flatMap(referencesOf).filter(({ to }) => boxes.has(to));
  const related = new Graph({ directed: false });
  for (const name of boxes.keys()) related.setNode(name);
  for (const { from, to } of references) related.setEdge(from, to);
  const groups = graphlib.alg.components(related).map((names) => {
    const isInside = new Set(names);
    return layoutGroup(
      names.flatMap((name) => boxes.get(name) ?? []),
      { references: references.filter(({ from }) => isInside.has(from)), direction },
    );
  });
  return merge(groups, aspect);
}

interface GroupOptions {
  readonly references: readonly Reference[];
  readonly direction: Direction;
}

function layoutGroup(boxes: readonly Box[], { references, direction }: GroupOptions): Layout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 32, edgesep: 16, ranksep: 72, marginx: 16, marginy: 16 });
  const loops = references.filter(isLoop);
  const roomBeside = ({ name }: Box) =>
    Math.max(0, ...loops.filter(({ from }) => from === name).map((loop) => LOOP_WIDTH + widthOf(loop)));
  for (const box of boxes) {
    graph.setNode(box.name, { width: box.width + roomBeside(box), height: box.height });
  }
  for (const reference of references) {
    const { from, to, name } = reference;
    const label = { width: widthOf(reference), height: LABEL_HEIGHT, labelpos: "c" } as const;
    if (!isLoop(reference)) graph.setEdge(from, to, { ...label }, name);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const placed = boxes.map((box) => {
    const { x = 0, y = 0 } = graph.node(box.name);
    return { ...box, x: x - (box.width + roomBeside(box)) / 2, y: y - box.height / 2 };
  });
  return { width, height, boxes: placed, lines: linesOf(placed, { graph, references, direction }) };
}

function linesOf(
  boxes: readonly PlacedBox[],
  { graph, references, direction }: GroupOptions & { readonly graph: Graph },
): readonly Line[] {
  const byName = new Map(boxes.map((box) => [box.name, box]));
  /* Orders lines between the same two entities by their columns, so that they do not cross. */
  const placeOf = ({ from, to, name }: Reference) => {
    const parallel = references.filter((other) => other.from === from && other.to === to);
    const edges = parallel.map((other) => graph.edge(from, to, other.name));
    edges.sort((a, b) => (direction === "LR" ? (a.y ?? 0) - (b.y ?? 0) : (a.x ?? 0) - (b.x ?? 0)));
    const rank = parallel.findIndex((other) => other.name === name);
    return { edge: edges[rank] ?? graph.edge(from, to, name), rank, count: parallel.length };
  };
  return references.flatMap((reference): readonly Line[] => {
    const [from, to] = [byName.get(reference.from), byName.get(reference.to)];
    if (!from || !to) return [];
    if (isLoop(reference)) {
      const points = routeLoop(from, reference);
      const [, { x = 0, y = 0 } = {}] = points;
      return [
        {
          ...reference,
          direction: "LR",
          points,
          labelAt: { x: x + (widthOf(reference) - LABEL_MARGIN) / 2, y },
        },
      ];
    }
    const { edge, ...place } = placeOf(reference);
    const labelAt = { x: edge.x ?? 0, y: edge.y ?? 0 };
    const points = (edge.points ?? []).flatMap((point: Point) =>
      direction === "LR" && isAt(point, labelAt) ? alongLabel(point, reference, from.x < to.x) : [point],
    );
    const line = routeLine({ reference, from, to, ...place }, { points, direction });
    return [{ ...reference, direction, points: line, labelAt }];
  });
}

const isAt = (a: Point, b: Point) => Math.abs(a.x - b.x) < 1 && Math.abs(a.y - b.y) < 1;

/** Straight behind its name, so that only visible parts bend. */
function alongLabel({ x, y }: Point, reference: Reference, isForward: boolean): readonly Point[] {
  const half = ((widthOf(reference) - LABEL_MARGIN / 2) / 2) * (isForward ? 1 : -1);
  return [
    { x: x - half, y },
    { x: x + half, y },
  ];
}

const isLoop = ({ from, to }: Reference) => from === to;
const widthOf = ({ name }: Reference) => name.length * LABEL_CHARACTER + LABEL_MARGIN;

function merge(groups: readonly Layout[], aspect: number): Layout {
  const { width, height, places } = packShelves(groups, aspect);
  const move = ({ x, y }: Point, by: Point) => ({ x: x + by.x, y: y + by.y });
  return {
    width,
    height,
    boxes: places.flatMap(({ item, ...by }) => item.boxes.map((box) => ({ ...box, ...move(box, by) }))),
    lines: places.flatMap(({ item, ...by }) =>
      item.lines.map((line) => ({
        ...line,
        points: line.points.map((point) => move(point, by)),
        labelAt: move(line.labelAt, by),
      })),
    ),
  };
}
