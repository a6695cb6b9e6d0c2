import type { Entity } from "../model/entity.ts";
import { quoteName } from "../model/names.ts";
import { statement } from "./sql-text.ts";
import { columnNameOf, type Made } from "./triggers.ts";

export interface Index extends Made {
  /** Stable ids of the indexed columns. */
  readonly columnIds: readonly string[];
}

/**
 * All indexes of an entity's table. They are named by the stable ids of what they index, because SQLite cannot rename
 * them: an index survives every rename.
 */
export function indexesOf(entity: Entity): readonly Index[] {
  const single = entity.columns.flatMap(({ name, unique, indexed, references }) => {
    return name !== "id" && (unique || indexed || references) ? [index(entity, [name], unique)] : [];
  });
  const combined = entity.constraints.flatMap((constraint) => {
    return constraint.type === "UNIQUE_COMPOSITE" ? [index(entity, constraint.fields, true)] : [];
  });
  return [...single, ...combined];
}

function index(entity: Entity, fields: readonly string[], isUnique: boolean): Index {
  const columnIds = fields.map((field) => entity.columnByName.get(field)?.id ?? field);
  const name = [isUnique ? "unique" : "index", ...columnIds].join("_");
  const columns = fields.map((field) => quoteName(columnNameOf(entity, field))).join(", ");
  const kind = isUnique ? "UNIQUE INDEX" : "INDEX";
  const create = statement(
    `CREATE ${kind} ${quoteName(name)} ON ${quoteName(entity.physicalTable)} (${columns})`,
  );
  return { name, columnIds, create };
}
