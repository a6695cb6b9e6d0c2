import type { Point } from "@dagrejs/dagre";
import type { PlacedBox } from "./layout-diagram.ts";
import { HEADER_HEIGHT, ROW_HEIGHT } from "./measure-entity.ts";
import type { Reference } from "./references.ts";

export type Direction = "LR" | "TB";

/** How far a line to the entity itself extends out of its box. */
export const LOOP_WIDTH = 40;
/**
 * The distance between lines that end at the same row, so that each has its mark, and their share of the row's height.
 */
const MARK_HEIGHT = 14;
const LANDING = ROW_HEIGHT - 4;
/** Lines keep away from the corners. */
const CORNER = 16;

export interface Ends {
  readonly reference: Reference;
  readonly from: PlacedBox;
  readonly to: PlacedBox;
  /** Which of `count` lines between these entities it is, in order. */
  readonly rank: number;
  readonly count: number;
}

/**
 * The line of a reference: from row to row if entities are side by side, from edge to edge if they are above each
 * other. In between it follows the space that the layout has left.
 */
export function routeLine(
  ends: Ends,
  { points, direction }: { points: readonly Point[]; direction: Direction },
) {
  const middle = points.slice(1, -1);
  return direction === "LR" ? routeSideways(ends, middle) : routeDownwards(ends, middle);
}

function routeSideways(
  { reference, from, to, rank, count }: Ends,
  middle: readonly Point[],
): readonly Point[] {
  const isForward = from.x < to.x;
  const apart = Math.min(MARK_HEIGHT, LANDING / Math.max(1, count - 1));
  return [
    { x: isForward ? from.x + from.width : from.x, y: rowOf(from, reference.column) },
    ...middle,
    { x: isForward ? to.x : to.x + to.width, y: rowOf(to, "id") + (rank - (count - 1) / 2) * apart },
  ];
}

function routeDownwards({ from, to }: Ends, middle: readonly Point[]): readonly Point[] {
  const isForward = from.y < to.y;
  const within = ({ x, width }: PlacedBox, wanted = x + width / 2) =>
    Math.min(x + width - CORNER, Math.max(x + CORNER, wanted));
  return [
    { x: within(from, middle[0]?.x), y: isForward ? from.y + from.height : from.y },
    ...middle,
    { x: within(to, middle.at(-1)?.x), y: isForward ? to.y : to.y + to.height },
  ];
}

/** From the reference's row out to the right and back to the id's row. */
export function routeLoop(box: PlacedBox, { column }: Reference): readonly Point[] {
  const right = box.x + box.width;
  const [start, end] = [rowOf(box, column), rowOf(box, "id")];
  return [
    { x: right, y: start },
    { x: right + LOOP_WIDTH, y: (start + end) / 2 },
    { x: right, y: end },
  ];
}

/** The height of a column's row; the last row if the column is not shown. */
function rowOf({ y, rows }: PlacedBox, column: string): number {
  const found = rows.findIndex(({ name }) => name === column);
  return y + HEADER_HEIGHT + ((found < 0 ? rows.length : found) + 0.5) * ROW_HEIGHT;
}
