import * as z from "zod/v4";
import type { JsonObject, JsonValue } from "../../model/json.ts";

/* The schemas of the admin API by the names of their components. Bodies are described as sent, responses as returned. */

type Registry = z.core.$ZodRegistry<{ id: string }>;

const bodies: Registry = z.registry();
const responses: Registry = z.registry();
const described = new Map<z.core.$ZodType, JsonObject>();

/** Names the schema of a request body. */
export function bodySchema<S extends z.ZodType>(id: string, schema: S): S {
  bodies.add(schema, { id });
  return schema;
}

/** Names the schema of what a response shows. */
export function answerSchema<S extends z.ZodType>(id: string, schema: S): S {
  responses.add(schema, { id });
  return schema;
}

/** Names what a response shows: the body `input`, with ids and every default filled in. */
export function completedSchema<T>(
  id: string,
  input: string,
  required: readonly (keyof T & string)[],
): z.ZodType<T> {
  const schema = z.custom<T>();
  described.set(schema, {
    allOf: [{ $ref: componentUri(input) }, { type: "object", required }],
  });
  return answerSchema(id, schema);
}

export const componentName = (schema: z.ZodType): string => {
  const named = bodies.get(schema) ?? responses.get(schema);
  if (!named) throw new Error("a schema of the admin API has no name");
  return named.id;
};

/** `components.schemas` of all bodies and responses; where one contains another, it refers to it. */
export const componentSchemas = (): JsonObject => ({
  ...schemasOf(bodies, "input"),
  ...schemasOf(responses, "output"),
});

const componentUri = (id: string) => `#/components/schemas/${id}`;

function schemasOf(registry: Registry, io: "input" | "output"): JsonObject {
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: componentUri,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      Object.assign(jsonSchema, described.get(zodSchema));
    },
  });
  const named = Object.entries(schemas).filter(([name]) => name !== SHARED);
  return Object.fromEntries(
    named.map(([name, schema]) => [name, withoutIdentity(schema as unknown as JsonObject)]),
  );
}

function withoutIdentity({ $id: _, $schema: _schema, ...schema }: JsonObject): JsonObject {
  return withAnyJson(schema) as JsonObject;
}

/** Zod puts recursive schemas here; the only one is that of any JSON value. */
const SHARED = "__shared";
const ANY_JSON: JsonObject = {
  type: ["object", "array", "string", "number", "boolean", "null"],
  additionalProperties: true,
};

/** Replaces references to the recursive schema by one that means the same. */
function withAnyJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withAnyJson);
  if (value === null || typeof value !== "object") return value;
  const { $ref } = value as JsonObject;
  if (typeof $ref === "string" && $ref.includes(SHARED)) return ANY_JSON;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withAnyJson(part)]));
}
