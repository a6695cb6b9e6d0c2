import type { ColumnDescription, EntityDescription } from "./workspace-description.ts";

export const HEADER_HEIGHT = 32;
export const ROW_HEIGHT = 22;
export const PADDING = 12;
/** Where column names start. The kind of key comes before them. */
export const NAME_AT = 38;
/** Longer entities show how many more columns they have. */
const MOST_ROWS = 18;
/* Character widths, slightly larger than those of fonts. */
const [TITLE_CHARACTER, NAME_CHARACTER, TYPE_CHARACTER] = [8.6, 7.3, 6.6];
const GAP = 20;
const SMALLEST_WIDTH = 150;

export interface Row {
  readonly key: "PK" | "FK" | "UQ" | "";
  readonly name: string;
  readonly type: string;
}

/** An entity as it is drawn. */
export interface Box {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
  /** Columns that are not shown. */
  readonly hidden: number;
}

/** The size of an entity's box, in units of the diagram, which are CSS pixels at 100 %. */
export function measureEntity({ name, columns }: EntityDescription): Box {
  const shown = columns.length > MOST_ROWS ? keysFirst(columns).slice(0, MOST_ROWS - 1) : columns;
  const rows = shown.map((column) => ({ key: keyOf(column), name: column.name, type: typeOf(column) }));
  const hidden = columns.length - shown.length;
  const widths = rows.map(
    (row) => NAME_AT + row.name.length * NAME_CHARACTER + GAP + row.type.length * TYPE_CHARACTER + PADDING,
  );
  const title = name.length * TITLE_CHARACTER + 2 * PADDING;
  return {
    name,
    rows,
    hidden,
    width: Math.ceil(Math.max(SMALLEST_WIDTH, title, ...widths)),
    height: HEADER_HEIGHT + (rows.length + (hidden > 0 ? 1 : 0)) * ROW_HEIGHT + PADDING / 2,
  };
}

/** A long entity shows its keys and then its first columns. */
const keysFirst = (columns: readonly ColumnDescription[]) =>
  columns.toSorted((a, b) => Number(keyOf(a) === "") - Number(keyOf(b) === ""));

function keyOf({ name, references, unique }: ColumnDescription): Row["key"] {
  if (name === "id") return "PK";
  if (references) return "FK";
  return unique ? "UQ" : "";
}

/** Such as `varchar(40)`, with a question mark if it is nullable. */
function typeOf({ name, type, length, precision, scale, nullable = true }: ColumnDescription): string {
  const size = length ?? (precision === undefined ? undefined : `${precision},${scale ?? 0}`);
  const isNullable = nullable && name !== "id";
  return type.toLowerCase() + (size === undefined ? "" : `(${size})`) + (isNullable ? "?" : "");
}
