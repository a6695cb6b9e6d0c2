interface Sized {
  readonly width: number;
  readonly height: number;
}

export interface Packed<Item> extends Sized {
  /** The positions of the upper left corners. */
  readonly places: readonly { readonly item: Item; readonly x: number; readonly y: number }[];
}

/** Puts rectangles in rows, the highest first, so that the ratio of width to height is close to `aspect`. */
export function packShelves<Item extends Sized>(items: readonly Item[], aspect: number): Packed<Item> {
  const area = items.reduce((sum, { width, height }) => sum + width * height, 0);
  const rowWidth = Math.max(Math.sqrt(area * aspect), ...items.map(({ width }) => width));
  const places: { item: Item; x: number; y: number }[] = [];
  let [x, y, rowHeight, widest] = [0, 0, 0, 0];
  for (const item of items.toSorted((a, b) => b.height - a.height)) {
    if (x > 0 && x + item.width > rowWidth) [x, y, rowHeight] = [0, y + rowHeight, 0];
    places.push({ item, x, y });
    x += item.width;
    rowHeight = Math.max(rowHeight, item.height);
    widest = Math.max(widest, x);
  }
  return { width: widest, height: y + rowHeight, places };
}
