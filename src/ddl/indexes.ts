import { indexTerms } from "../columns/index-condition.ts";
import { crc32 } from "../lib/hashing.ts";
import type { Entity, EntityIndex } from "../model/entity.ts";
import { quoteName } from "../model/names.ts";
import { literal, statement } from "./sql-text.ts";
import { columnNameOf, type Made } from "./triggers.ts";

export interface Index extends Made {
  /** Stable ids of the columns that it covers, and of those in its condition. */
  readonly columnIds: readonly string[];
}

/**
 * All indexes of an entity's table. SQLite cannot rename indexes, so they are named by the stable ids of their columns
 * and survive every rename. An index that is asked for twice is created once.
 */
export function indexesOf(entity: Entity): readonly Index[] {
  const single = entity.columns.flatMap(({ name, unique, indexed, references }) => {
    return name !== "id" && (unique || indexed || references)
      ? [index(entity, { fields: [name], unique })]
      : [];
  });
  const combined = entity.constraints.flatMap((constraint) => {
    return constraint.type === "UNIQUE_COMPOSITE"
      ? [index(entity, { fields: constraint.fields, unique: true })]
      : [];
  });
  const all = [...single, ...combined, ...ownIndexesOf(entity)];
  return [...new Map(all.map((each) => [each.name, each])).values()];
}

/** The indexes that the definition lists. */
export const ownIndexesOf = (entity: Entity): readonly Index[] =>
  (entity.indexes ?? []).map((each) => index(entity, each));

function index(entity: Entity, { fields, unique, where }: EntityIndex): Index {
  const idOf = (field: string) => entity.columnByName.get(field)?.id ?? field;
  const tests = Object.entries(where ?? {}).map(([name, test]) => [idOf(name), test] as const);
  const marks = tests.length > 0 ? ["where", crc32(JSON.stringify(tests)).toString(36)] : [];
  const name = [unique ? "unique" : "index", ...fields.map(idOf), ...marks].join("_");
  const columns = fields.map((field) => quoteName(columnNameOf(entity, field))).join(", ");
  const kind = unique ? "UNIQUE INDEX" : "INDEX";
  const condition = tests.length > 0 ? ` WHERE ${indexConditionOf(entity, where)}` : "";
  const create = statement(
    `CREATE ${kind} ${quoteName(name)} ON ${quoteName(entity.physicalTable)} (${columns})${condition}`,
  );
  return { name, columnIds: [...fields.map(idOf), ...tests.map(([id]) => id)], create };
}

/** The condition in SQL, on the columns of the entity's table. */
export function indexConditionOf({ columnByName }: Entity, where: EntityIndex["where"]): string {
  const terms = indexTerms(where ?? {}, columnByName).map(({ column, operator, values }) => {
    const list = values.map(literal).join(", ");
    const operand = operator === "IN" ? `(${list})` : list;
    return `${quoteName(column.columnName)} ${operator} ${operand}`.trimEnd();
  });
  return terms.length > 0 ? terms.join(" AND ") : "1";
}
