import * as z from "zod/v4";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";

/* Schemas of the admin API by component name. Bodies are described as sent, responses as returned. */

type Registry = z.core.$ZodRegistry<{ id: string }>;

const bodies: Registry = z.registry();
const responses: Registry = z.registry();
/** Responses that are a request body with all parts filled in: the names of both, and the added properties. */
const completed: { readonly id: string; readonly input: string; readonly required: readonly string[] }[] = [];

/** The document cannot say which destinations a deployment allows. */
export const anyDestination = { allowsHttp: true, allowsPrivate: true };

/** Names the schema of a request body. */
export function bodySchema<S extends z.ZodType>(id: string, schema: S): S {
  bodies.add(schema, { id });
  return schema;
}

/** Names the schema of a response. */
export function answerSchema<S extends z.ZodType>(id: string, schema: S): S {
  responses.add(schema, { id });
  return schema;
}

/** Names a response that is the body `input` with ids and all defaults. */
export function completedSchema<T>(
  id: string,
  input: string,
  required: readonly (keyof T & string)[],
): z.ZodType<T> {
  completed.push({ id, input, required });
  return answerSchema(id, z.custom<T>());
}

export const componentName = (schema: z.ZodType): string => {
  const named = bodies.get(schema) ?? responses.get(schema);
  if (!named) throw new Error("a schema of the admin API has no name");
  return named.id;
};

/** `components.schemas` of all bodies and responses. Where one contains another, it has a reference. */
export function componentSchemas(): JsonObject {
  const sent = schemasOf(bodies, "input");
  const shown = { ...schemasOf(responses, "output"), ...completedSchemas(sent) };
  return {
    ...sent,
    ...Object.fromEntries(Object.entries(shown).map(([id, schema]) => [id, opened(schema)])),
  };
}

/** The schemas of the bodies with more required properties, including those that they contain. */
function completedSchemas(sent: JsonObject): JsonObject {
  const text = completed.reduce(
    (document, { id, input }) =>
      document.replaceAll(`"${componentUri(input)}"`, () => `"${componentUri(id)}"`),
    JSON.stringify(sent),
  );
  const schemas = JSON.parse(text) as Record<string, JsonObject>;
  return Object.fromEntries(
    completed.map(({ id, input, required }) => [id, { ...schemas[input], required }]),
  );
}

/** Without `additionalProperties: false`, because a later release may add properties to a response. */
function opened(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(opened);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, part]) => !(key === "additionalProperties" && part === false),
  );
  return Object.fromEntries(entries.map(([key, part]) => [key, opened(part)]));
}

const componentUri = (id: string) => `#/components/schemas/${id}`;

function schemasOf(registry: Registry, io: "input" | "output"): JsonObject {
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: componentUri,
    unrepresentable: "any",
    override({ jsonSchema }) {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
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

/** Zod puts recursive schemas here. The only one is the schema of any JSON value. */
const SHARED = "__shared";
const ANY_JSON: JsonObject = {
  type: ["object", "array", "string", "number", "boolean", "null"],
  items: {},
  additionalProperties: true,
};

/** Replaces references to the recursive schema by an equivalent one. */
function withAnyJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withAnyJson);
  if (value === null || typeof value !== "object") return value;
  const { $ref } = value as JsonObject;
  if (typeof $ref === "string" && $ref.includes(SHARED)) return ANY_JSON;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withAnyJson(part)]));
}
