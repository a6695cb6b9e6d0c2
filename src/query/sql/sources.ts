import { type SQL, sql } from "drizzle-orm";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { ReadScope } from "../plan/target.ts";
import { identifier, qualified } from "./fragments.ts";
import { tableOf } from "./table-of.ts";

/** One use of an entity's table in a statement, under an alias of its own. */
export interface Source {
  readonly entity: Entity;
  readonly alias: string;
  /** `"w1_orders" AS "t0"`, for FROM and JOIN. */
  readonly from: SQL;
  column(column: Column): SQL;
}

/** Hands out aliases, and holds the last line of the scope: no table outside it ever gets into a statement. */
export class Sources {
  readonly #scope: ReadScope;
  #count = 0;

  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  use(entity: Entity): Source {
    if (!this.#scope.canRead(entity.name))
      throw new Error(`A plan reached ${entity.name}, outside its scope`);
    const name = `t${this.#count++}`;
    return {
      entity,
      alias: name,
      from: sql`${tableOf(entity)} AS ${identifier(name)}`,
      column: ({ columnName }) => qualified(name, columnName),
    };
  }
}

/** The id in a source's rows. */
export const idIn = (source: Source): SQL => source.column(idOf(source.entity));

/** The `id` column of any entity. */
export function idOf(entity: Entity): Column {
  const [id] = entity.columns;
  if (!id) throw new Error(`${entity.name} has no columns`);
  return id;
}
