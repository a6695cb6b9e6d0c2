import { ENTITY_TAGS_PATTERN } from "../lib/entity-tags.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";

/* Building blocks of both documents. */

export const schemaRef = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
export const parameterRef = (name: string): JsonObject => ({
  $ref: `#/components/parameters/${nameIn("parameters", name)}`,
});
export const responseRef = (name: string): JsonObject => ({
  $ref: `#/components/responses/${nameIn("responses", name)}`,
});
export const headerRef = (name: string): JsonObject => ({
  $ref: `#/components/headers/${nameIn("headers", name)}`,
});

/** The suffix of each component name outside `schemas`, because many generators put all sections into one namespace. */
const SUFFIXES = {
  schemas: "",
  parameters: "-parameter",
  responses: "-response",
  headers: "-header",
  securitySchemes: "-scheme",
} as const;
type Section = keyof typeof SUFFIXES;

const nameIn = (section: Section, name: string) => name + SUFFIXES[section];

/** `components`, by the names that the functions above use. */
export const componentsOf = (sections: Readonly<Record<Section, JsonObject>>): JsonObject =>
  Object.fromEntries(
    Object.entries(sections).map(([section, named]) => [
      section,
      Object.fromEntries(
        Object.entries(named).map(([name, part]) => [nameIn(section as Section, name), part]),
      ),
    ]),
  );

/** The document's `security`. */
export const securedBy = (scheme: string) => [{ [nameIn("securitySchemes", scheme)]: [] }];

export const STRING: JsonObject = { type: "string" };
export const BOOLEAN: JsonObject = { type: "boolean" };
export const COUNT: JsonObject = { type: "integer", minimum: 0 };
/** The value of `If-Match` or `If-None-Match`. */
export const ENTITY_TAGS: JsonObject = { type: "string", pattern: ENTITY_TAGS_PATTERN };
export const INSTANT: JsonObject = { type: "string", format: "date-time" };

export const arrayOf = (items: JsonObject, bounds: JsonObject = {}): JsonObject => ({
  type: "array",
  items,
  ...bounds,
});

/** An object schema. All properties are required except those in `optional`. */
export function objectOf(
  properties: JsonObject,
  { optional = [], closed = false }: { optional?: readonly string[]; closed?: boolean } = {},
): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: "object",
    ...(required.length > 0 && { required }),
    properties,
    ...(closed && { additionalProperties: false }),
  };
}

/** Any of the schemas; if there is only one, that schema. */
export function anyOf(schemas: readonly JsonObject[]): JsonObject {
  const [only, ...others] = schemas;
  return only && others.length === 0 ? only : { anyOf: schemas };
}

/** The schema or null. `type` becomes an array if there is one. */
export function nullable(schema: JsonObject): JsonObject {
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [schema, { type: "null" }] };
  return {
    ...schema,
    type: [type, "null"].flat(),
    ...(Array.isArray(values) && { enum: [...values, null] }),
  };
}

/** A query parameter. */
export const query = (name: string, description: string, more: JsonObject): JsonObject => ({
  name,
  in: "query",
  description,
  ...more,
});

export const jsonContent = (schema: JsonObject, more: JsonObject = {}) => ({
  content: { "application/json": { schema, ...more } },
});

export const jsonBody = (schema: JsonObject, required = true): JsonObject => ({
  required,
  ...jsonContent(schema),
});

/** Headers of every response. */
export const TRACE_HEADERS: JsonObject = {
  "X-Request-Id": headerRef("X-Request-Id"),
  "Server-Timing": headerRef("Server-Timing"),
  RateLimit: headerRef("RateLimit"),
  "RateLimit-Policy": headerRef("RateLimit-Policy"),
};

export function jsonResponse(description: string, schema: JsonObject, headers?: JsonObject): JsonObject {
  return { description, headers: { ...TRACE_HEADERS, ...headers }, ...jsonContent(schema) };
}

/** Headers of every response to a write that may be repeated. */
export const REPLAYED: JsonObject = { "Idempotent-Replayed": headerRef("Idempotent-Replayed") };

/** The body of almost every response: `{"data": …}`. */
export const dataOf = (schema: JsonValue): JsonObject => objectOf({ data: schema });

/** A response without a body. */
export const emptyResponse = (description: string, headers?: JsonObject): JsonObject => ({
  description,
  headers: { ...TRACE_HEADERS, ...headers },
});

export const bearer = (description: string): JsonObject => ({ type: "http", scheme: "bearer", description });

export const LICENSE: JsonObject = { name: "MIT", identifier: "MIT" };
