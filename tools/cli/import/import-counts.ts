/** Rows by outcome. */
export interface ImportCounts {
  readonly created: number;
  readonly updated: number;
  /** Rows of an upsert whose values are stored already. */
  readonly unchanged: number;
  readonly refused: number;
}

export const NO_ROWS: ImportCounts = { created: 0, updated: 0, unchanged: 0, refused: 0 };

export const addCounts = (a: ImportCounts, b: ImportCounts): ImportCounts => ({
  created: a.created + b.created,
  updated: a.updated + b.updated,
  unchanged: a.unchanged + b.unchanged,
  refused: a.refused + b.refused,
});

/** Counts the rows that are stored now. */
export const succeededOf = ({ created, updated, unchanged }: ImportCounts) => created + updated + unchanged;
