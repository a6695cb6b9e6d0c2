import { constraintTypes } from "../columns/constraints/registry.ts";
import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { JsonObject } from "../model/json.ts";
import { nullable, schemaRef } from "./parts.ts";
import { uniqueNames, type VisibleEntity } from "./visible-schema.ts";

/** The component name of an enum's values: `Order.status`. No other component has a dot in its name. */
export function enumNamesOf({ component, columns }: VisibleEntity): (column: Column) => string {
  const names = uniqueNames(columns.map(({ name }) => name));
  return ({ name }) => `${component}.${names.get(name) ?? name}`;
}

/**
 * The JSON Schema of a column's value, with its type and all of its constraints; includes null for a nullable column.
 */
export function columnSchemaOf(enumName: string, column: Column): JsonObject {
  return described(nullableSchemaOf(enumName, column), column.description);
}

/** The schema with the owner's description in front of its own. */
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

/** The id of an existing record. Only an id that a client sends for a new record has an upper bound. */
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
    // Rules without a JSON Schema keyword, such as bounds of dates, go into the description.
    const isTold = Object.keys(added).length > 0;
    schema = combine(schema, isTold || !type ? added : { description: type.message(constraint) });
  }
  return withOneBound(withOneBound(schema, "inimum"), "aximum");
}

/** Merges keywords: the tighter of two bounds, but both of two descriptions, patterns or formats. */
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

/** The tighter of an inclusive and an exclusive bound on one side; the exclusive one if they are equal. */
function withOneBound(schema: JsonObject, side: "inimum" | "aximum"): JsonObject {
  const { [`m${side}`]: inclusive, [`exclusiveM${side}`]: exclusive, ...rest } = schema;
  if (typeof inclusive !== "number" || typeof exclusive !== "number") return schema;
  const isInclusiveTighter = side === "inimum" ? inclusive > exclusive : inclusive < exclusive;
  return isInclusiveTighter
    ? { ...rest, [`m${side}`]: inclusive }
    : { ...rest, [`exclusiveM${side}`]: exclusive };
}

/** The schema of a filter's value, which may be outside the column's own bounds. */
export function comparedSchemaOf(enumName: string, column: Column): JsonObject {
  return column.type === "ENUM" ? schemaRef(enumName) : comparedValueSchemaOf(column);
}

/** The same without component names for enums. */
export function comparedValueSchemaOf(column: Column): JsonObject {
  const { type, format } = columnTypeOf(column).jsonSchema(column);
  return { type: type ?? "string", ...(format !== undefined && { format }) };
}
