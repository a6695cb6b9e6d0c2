import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { Column } from "../../../src/model/column.ts";
import type { Entity, Relationship } from "../../../src/model/entity.ts";
import type { JsonObject, JsonValue } from "../../../src/model/json.ts";
import type { SqlValue } from "../../../src/model/sql-value.ts";
import { entityOf } from "./shop.ts";

/** A stored record, by column name. Null stands for the end of a null reference. */
export type Stored = Readonly<Record<string, SqlValue>>;
export interface World {
  readonly catalog: Catalog;
  readonly records: Readonly<Record<string, readonly Stored[]>>;
}

/** The JSON filter's meaning, implemented a second time as simply as possible. */
export function matches(
  world: World,
  entity: Entity,
  filter: { tree: JsonObject; record: Stored | null },
): boolean {
  const { tree, record } = filter;
  return Object.entries(tree).every(([key, value]) => {
    if (key === "not") return !matches(world, entity, { tree: value as JsonObject, record });
    if (key === "and" || key === "or") {
      const results = (value as JsonObject[]).map((child) => matches(world, entity, { tree: child, record }));
      return key === "and" ? results.every(Boolean) : results.some(Boolean);
    }
    const [name = "", ...rest] = key.split(".");
    if (rest.length > 0) {
      return matches(world, entity, { tree: { [name]: { [rest.join(".")]: value } }, record });
    }
    const column = entity.columnByName.get(name);
    if (column) return matchesColumn(column, value, record?.[name] ?? null);
    const relationship = entity.relationships.get(name);
    if (!relationship) throw new Error(`no ${name}`);
    return matchesRelated(world, relationship, { tree: value as JsonObject, record });
  });
}

function matchesRelated(
  world: World,
  relationship: Relationship,
  { tree, record }: { tree: JsonObject; record: Stored | null },
): boolean {
  const target = entityOf(world.catalog, relationship.target);
  const all = world.records[relationship.target] ?? [];
  const test = (related: Stored | null) => matches(world, target, { tree, record: related });
  if (relationship.kind === "TO_ONE") {
    const id = record?.[relationship.column.name] ?? null;
    return test(id === null ? null : (all.find((candidate) => candidate.id === id) ?? null));
  }
  if (!record) return false;
  if (relationship.kind === "TO_MANY") {
    return all.filter((child) => child[relationship.targetColumn.name] === record.id).some(test);
  }
  const joins = (world.records[relationship.through] ?? []).filter(
    (join) => join[relationship.sourceColumn.name] === record.id,
  );
  return joins.some((join) =>
    all.some((child) => child.id === join[relationship.targetColumn.name] && test(child)),
  );
}

function matchesColumn(column: Column, value: JsonValue, stored: SqlValue): boolean {
  const tests: JsonObject =
    typeof value === "object" && value !== null ? (value as JsonObject) : { eq: value };
  return Object.entries(tests).every(([operator, operand]) => holds(column, { operator, operand, stored }));
}

function holds(
  column: Column,
  { operator, operand, stored }: { operator: string; operand: JsonValue; stored: SqlValue },
): boolean {
  const read = (value: JsonValue): SqlValue => {
    if (value === null) return null;
    const parsed = columnTypeOf(column).parse(value, column);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.value;
  };
  if (operator === "isNull") return (stored === null) === operand;
  if (operator === "isNotNull") return (stored !== null) === operand;
  const values = (Array.isArray(operand) ? operand : [operand]).map(read);
  const [first = null, second = null] = values;
  if (operator === "neq") return compareStored(stored, first) !== 0;
  if (operator === "notIn") return !values.some((value) => compareStored(stored, value) === 0);
  if (operator === "eq") return compareStored(stored, first) === 0;
  if (stored === null) return false;
  const text = String(stored);
  const part = String(first);
  switch (operator) {
    case "in":
      return values.some((value) => compareStored(stored, value) === 0);
    case "gt":
      return compareStored(stored, first) > 0;
    case "gte":
      return compareStored(stored, first) >= 0;
    case "lt":
      return compareStored(stored, first) < 0;
    case "lte":
      return compareStored(stored, first) <= 0;
    case "between":
      return compareStored(stored, first) >= 0 && compareStored(stored, second) <= 0;
    case "like":
      return text.includes(part);
    case "ilike":
      return asciiLower(text).includes(asciiLower(part));
    case "startsWith":
      return text.startsWith(part);
    case "endsWith":
      return text.endsWith(part);
  }
  throw new Error(`no ${operator}`);
}

const asciiLower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Nulls first, numbers by value, texts by their UTF-8 bytes. */
export function compareStored(left: SqlValue, right: SqlValue): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (typeof left === "string" && typeof right === "string")
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return left < right ? -1 : left > right ? 1 : 0;
}
