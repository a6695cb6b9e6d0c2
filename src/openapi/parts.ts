import type { JsonObject, JsonValue } from "../model/json.ts";

/* The small words of which both documents are made. */

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

/** Ends the name of each component outside `schemas`, because many generators put all sections into one namespace. */
const SUFFIXES = {
  schemas: "",
  parameters: "-parameter",
  responses: "-response",
  headers: "-header",
  securitySchemes: "-scheme",
} as const;
type Section = keyof typeof SUFFIXES;

const nameIn = (section: Section, name: string) => name + SUFFIXES[section];

/** `components`, each under the name by which the functions above refer to it. */
export const componentsOf = (sections: Readonly<Record<Section, JsonObject>>): JsonObject =>
  Object.fromEntries(
    Object.entries(sections).map(([section, named]) => [
      section,
      Object.fromEntries(
        Object.entries(named).map(([name, part]) => [nameIn(section as Section, name), part]),
      ),
    ]),
  );

/** `security` of a whole document. */
export const securedBy = (scheme: string) => [{ [nameIn("securitySchemes", scheme)]: [] }];

export const STRING: JsonObject = { type: "string" };
export const BOOLEAN: JsonObject = { type: "boolean" };
export const COUNT: JsonObject = { type: "integer", minimum: 0 };
export const INSTANT: JsonObject = { type: "string", format: "date-time" };

export const arrayOf = (items: JsonObject, bounds: JsonObject = {}): JsonObject => ({
  type: "array",
  items,
  ...bounds,
});

/** An object schema; everything in it is required but what `optional` names. */
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

/** Any of the schemas; of one, that schema itself. */
export function anyOf(schemas: readonly JsonObject[]): JsonObject {
  const [only, ...others] = schemas;
  return only && others.length === 0 ? only : { anyOf: schemas };
}

/** The schema or null; `type` becomes an array where there is one. */
export function nullable(schema: JsonObject): JsonObject {
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [schema, { type: "null" }] };
  return {
    ...schema,
    type: [type, "null"].flat(),
    ...(Array.isArray(values) && { enum: [...values, null] }),
  };
}

export const jsonContent = (schema: JsonObject, more: JsonObject = {}): JsonObject => ({
  content: { "application/json": { schema, ...more } },
});

export const jsonBody = (schema: JsonObject, required = true): JsonObject => ({
  required,
  ...jsonContent(schema),
});

/** Of every answer. */
export const TRACE_HEADERS: JsonObject = {
  "X-Request-Id": headerRef("X-Request-Id"),
  "Server-Timing": headerRef("Server-Timing"),
  RateLimit: headerRef("RateLimit"),
  "RateLimit-Policy": headerRef("RateLimit-Policy"),
};

export function jsonResponse(description: string, schema: JsonObject, headers?: JsonObject): JsonObject {
  return { description, headers: { ...TRACE_HEADERS, ...headers }, ...jsonContent(schema) };
}

/** Of every answer to a write that may be sent again. */
export const REPLAYED: JsonObject = { "Idempotent-Replayed": headerRef("Idempotent-Replayed") };

/** What almost every answer is: `{"data": …}`. */
export const dataOf = (schema: JsonValue): JsonObject => objectOf({ data: schema });

/** An answer without a body. */
export const emptyResponse = (description: string, headers?: JsonObject): JsonObject => ({
  description,
  headers: { ...TRACE_HEADERS, ...headers },
});

export const bearer = (description: string): JsonObject => ({ type: "http", scheme: "bearer", description });

export const LICENSE: JsonObject = { name: "MIT", identifier: "MIT" };
