import fc from "fast-check";
import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { Column } from "../../../src/model/column.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { JsonObject, JsonValue } from "../../../src/model/json.ts";
import { operators } from "../../../src/query/operators.ts";
import { entityOf } from "./shop.ts";

/* Few distinct values, including awkward ones, so that filters match. */
const TEXTS = ["", "PT", "pt", "Pt%", "a_b", "a,b", '"', "é", "É", "😀", "\u{10ffff}", "zz", "P"];

/** In the order of their numbers. */
export const uuidOf = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, "0")}`;

export function jsonValueOf({ type, values }: Column): fc.Arbitrary<JsonValue> {
  switch (type) {
    case "BIGINT":
      return fc.constantFrom(
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740993",
        "9007199254740992",
        "0",
      );
    case "DECIMAL":
      return fc.constantFrom(0, 0.1, 0.2, 0.3, -1.25, 9999999999.99);
    case "DOUBLE":
      return fc.constantFrom(0.1, 1e300, -2.5, 3, 0.30000000000000004);
    case "BOOLEAN":
      return fc.boolean();
    case "ENUM":
      return fc.constantFrom(...(values ?? []));
    case "INTEGER":
      return fc.integer({ min: 0, max: 12 });
    case "DATE":
      return fc.constantFrom("2026-02-28", "2024-02-29", "1999-12-31");
    case "DATETIME":
      return fc.constantFrom(
        "2026-02-28T13:05:00.000Z",
        "2026-02-28T13:05:00.001Z",
        "1999-12-31T23:59:59.999Z",
      );
    case "TIME":
      return fc.constantFrom("13:05:00", "13:05:00.500", "00:00:00");
    case "UUID":
      return fc.integer({ min: 1, max: 12 }).map(uuidOf);
    case "JSON":
      return fc.constantFrom({ a: [1, null] }, [], "text", false);
    default:
      return fc.constantFrom(...TEXTS);
  }
}

/** A test of one column: an operator that fits it, with values that it can parse. */
function testOf(column: Column): fc.Arbitrary<JsonValue> {
  const { family } = columnTypeOf(column);
  const value = jsonValueOf(column);
  const fitting = Object.entries(operators).filter(([, operator]) =>
    operator.families.some((fit) => fit === family),
  );
  const tests = fitting.map(([name, { takes }]) => {
    if (takes === "FLAG") return fc.boolean().map((flag) => ({ [name]: flag }));
    if (takes === "LIST")
      return fc.array(value, { minLength: 1, maxLength: 4 }).map((list) => ({ [name]: list }));
    if (takes === "PAIR") return fc.tuple(value, value).map((pair) => ({ [name]: pair }));
    return value.map((one) => ({ [name]: one }));
  });
  const isJson = family === "json";
  return isJson ? fc.oneof(...tests) : fc.oneof(value, fc.constant(null), ...tests);
}

/** A filter tree with at most `hops` relationships and `depth` groups on any path. */
export function treeOf(
  catalog: Catalog,
  entity: Entity,
  { hops, depth }: { hops: number; depth: number },
): fc.Arbitrary<JsonObject> {
  const fields = fc
    .constantFrom(...entity.columns)
    .chain((column) => testOf(column).map((test): JsonObject => ({ [column.name]: test })));
  const options: fc.Arbitrary<JsonObject>[] = [fields, fields];
  if (hops > 0 && entity.relationships.size > 0) {
    const related = fc.constantFrom(...entity.relationships.values()).chain((relationship) => {
      const target = entityOf(catalog, relationship.target);
      return treeOf(catalog, target, { hops: hops - 1, depth: depth - 1 }).map((tree): JsonObject => {
        const [[key, value] = [], second] = Object.entries(tree);
        const isPlain =
          key !== undefined && value !== undefined && !second && !["and", "or", "not"].includes(key);
        return isPlain && key.length % 2 === 0
          ? { [`${relationship.name}.${key}`]: value }
          : { [relationship.name]: tree };
      });
    });
    options.push(related);
  }
  if (depth > 0) {
    const inner = treeOf(catalog, entity, { hops, depth: depth - 1 });
    const lists = fc.array(inner, { minLength: 1, maxLength: 3 });
    options.push(
      lists.map((list): JsonObject => ({ or: list })),
      lists.map((list): JsonObject => ({ and: list })),
      inner.map((tree): JsonObject => ({ not: tree })),
      fc.tuple(inner, inner).map(([left, right]): JsonObject => ({ ...left, ...right })),
    );
  }
  return fc.oneof(...options);
}
