import type { SQL } from "drizzle-orm";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";

/** One use of an entity's table in a statement, with its own alias. */
export interface Source {
  readonly entity: Entity;
  readonly alias: string;
  /** `"w1_orders" AS "t0"`, for FROM and JOIN. */
  readonly from: SQL;
  /** Whether some records of the table may be hidden. */
  readonly isNarrowed: boolean;
  column(column: Column): SQL;
}

/** Creates sources. */
export interface SourceFactory {
  use(entity: Entity): Source;
}

/** The id in a source's rows. */
export const idIn = (source: Source): SQL => source.column(idColumnOf(source.entity));

/** The `id` column of any entity. */
export function idColumnOf(entity: Entity): Column {
  const [id] = entity.columns;
  if (!id) throw new Error(`${entity.name} has no columns`);
  return id;
}
