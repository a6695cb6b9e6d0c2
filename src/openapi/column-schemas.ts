import { constraintTypes } from "../columns/constraints/registry.ts";
import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { JsonObject } from "../model/json.ts";
import { nullable, schemaRef } from "./parts.ts";
import { uniqueNames, type VisibleEntity } from "./visible-schema.ts";

/** Names the component of an enum's values: `Order.status`. No other component has a dot in its name. */
export function enumNamesOf({ component, columns }: VisibleEntity): (column: Column) => string {
  const names = uniqueNames(columns.map(({ name }) => name));
  return ({ name }) => `${component}.${names.get(name) ?? name}`;
}

/** The JSON Schema of a column's value, of its type and all of its constraints; null included where it may be. */
export function columnSchemaOf(enumName: string, column: Column): JsonObject {
  return described(nullableSchemaOf(enumName, column), column.description);
}

/** The schema with what the owner says of the thing, in front of what it says itself. */
export function described(schema: JsonObject, description: string | undefined): JsonObject {
  if (description === undefined) return schema;
  const known = typeof schema.description === "string" ? `\n\n${schema.description}` : "";
  return { ...schema, description: description + known };
}

function nullableSchemaOf(enumName: string, column: Column): JsonObject {
  const value = valueSchemaOf(enumName, column);
  if (!column.nullable) return value;
  return column.type === "ENUM" ? { type: ["string", "null"], ...nullable(value) } : nullable(value);
}

/** Of an id that exists; only one that is sent for a new record has to be below a bound. */
export const idSchemaOf = (id: Column): JsonObject => ({
  ...columnTypeOf(id).jsonSchema(id),
  ...(id.type === "INTEGER" && { examples: [1] }),
});

function valueSchemaOf(enumName: string, column: Column): JsonObject {
  if (column.type === "ENUM") return schemaRef(enumName);
  let schema = columnTypeOf(column).jsonSchema(column);
  for (const constraint of column.constraints) {
    const type = constraintTypes.get(constraint.type);
    const added = type?.jsonSchema(column, constraint) ?? {};
    // What JSON Schema has no keyword for, such as bounds of dates, is told in words.
    const isTold = Object.keys(added).length > 0;
    schema = combine(schema, isTold || !type ? added : { description: type.message(constraint) });
  }
  return withOneBound(withOneBound(schema, "inimum"), "aximum");
}

/** Of two bounds the tighter one holds; of two descriptions, patterns or formats both. */
function combine(schema: JsonObject, added: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...schema };
  const also: JsonObject[] = [];
  for (const [keyword, value] of Object.entries(added)) {
    const known = result[keyword];
    if (known === undefined || known === value) result[keyword] = value;
    else if (typeof known === "number" && typeof value === "number")
      result[keyword] = /max/i.test(keyword) ? Math.min(known, value) : Math.max(known, value);
    else if (keyword === "description") result[keyword] = `${known}; ${value}`;
    else also.push({ [keyword]: value });
  }
  if (also.length === 0) return result;
  const before = Array.isArray(schema.allOf) ? schema.allOf : [];
  return { ...result, allOf: [...before, ...also] };
}

/** Of an inclusive and an exclusive bound on one side the tighter; when equal, the exclusive one. */
function withOneBound(schema: JsonObject, side: "inimum" | "aximum"): JsonObject {
  const { [`m${side}`]: inclusive, [`exclusiveM${side}`]: exclusive, ...rest } = schema;
  if (typeof inclusive !== "number" || typeof exclusive !== "number") return schema;
  const isInclusiveTighter = side === "inimum" ? inclusive > exclusive : inclusive < exclusive;
  return isInclusiveTighter
    ? { ...rest, [`m${side}`]: inclusive }
    : { ...rest, [`exclusiveM${side}`]: exclusive };
}

/** The value of a filter: what is compared need not keep the column's own bounds. */
export function comparedSchemaOf(enumName: string, column: Column): JsonObject {
  return column.type === "ENUM" ? schemaRef(enumName) : comparedValueSchemaOf(column);
}

/** The same without the names of an enum's values. */
export function comparedValueSchemaOf(column: Column): JsonObject {
  const { type, format } = columnTypeOf(column).jsonSchema(column);
  return { type: type ?? "string", ...(format !== undefined && { format }) };
}
