import fc from "fast-check";
import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { SqlValue } from "../../../src/model/sql-value.ts";
import { jsonValueOf, uuidOf } from "./arbitrary.ts";
import { TestDatabase } from "./database.ts";
import type { Stored, World } from "./evaluate.ts";

const SIZES: Readonly<Record<string, number>> = {
  Customer: 8,
  Order: 30,
  LineItem: 45,
  Tag: 4,
  OrderTag: 25,
};

/** The same random records in a database and in memory. */
export function sampleWorld(
  catalog: Catalog,
  seed: number,
): { readonly world: World; readonly database: TestDatabase } {
  const database = new TestDatabase(catalog);
  const records: Record<string, Stored[]> = {};
  database.transaction(() => {
    for (const [index, entity] of [...catalog.entities.values()].entries()) {
      const made: Stored[] = [];
      for (let id = 1; id <= (SIZES[entity.name] ?? 10); id++) {
        const record: Record<string, SqlValue> = { id: entity.idType === "UUID" ? uuidOf(id) : id };
        for (const [position, column] of entity.columns.entries()) {
          if (column.name === "id") continue;
          const salt = seed + index * 1e6 + id * 1e3 + position;
          record[column.name] = sampleValue(column, { salt, id });
          const { references } = column;
          if (!references || record[column.name] === null) continue;
          const isSelf = references.entity === entity.name;
          const count = isSelf ? id - 1 : (SIZES[references.entity] ?? 10);
          const number = 1 + ((salt * 7919) % count);
          const isUuid = catalog.entities.get(references.entity)?.idType === "UUID";
          record[column.name] = count === 0 ? null : isUuid ? uuidOf(number) : number;
        }
        made.push(record);
        database.insert(entity, record);
      }
      records[entity.name] = made;
    }
  });
  return { world: { catalog, records }, database };
}

function sampleValue(
  column: Parameters<typeof jsonValueOf>[0],
  { salt, id }: { readonly salt: number; readonly id: number },
): SqlValue {
  if (column.unique) return `u${id}`;
  const [isNull, json] = fc.sample(fc.tuple(fc.nat(3), jsonValueOf(column)), {
    seed: salt,
    numRuns: 1,
  })[0] ?? [0, null];
  if (json === null || (column.nullable && isNull === 0)) return null;
  const parsed = columnTypeOf(column).parse(json, column);
  if (!parsed.ok) throw new Error(`${column.name}: ${parsed.message}`);
  return parsed.value;
}
