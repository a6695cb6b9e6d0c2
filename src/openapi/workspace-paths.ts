import type { Operation } from "../model/access.ts";
import { ACCESS_MODES } from "../model/access-mode.ts";
import type { JsonObject } from "../model/json.ts";
import { NAME_PATTERN } from "../model/names.ts";
import { MAX_BATCH_ITEMS } from "../query/limits.ts";
import { CONDITIONAL_WRITE_ERRORS, READ_ERRORS } from "./error-responses.ts";
import {
  arrayOf,
  COUNT,
  dataOf,
  ENTITY_TAGS,
  headerRef,
  jsonBody,
  jsonResponse,
  nullable,
  objectOf,
  parameterRef,
  REPLAYED,
  responseRef,
  STRING,
  schemaRef,
} from "./parts.ts";
import { idColumn, type VisibleEntity } from "./visible-schema.ts";

const TAGS = ["Workspace"];

/** Paths of the workspace itself. A path must begin with a slash, so `/` is the workspace. */
export function workspacePaths(entities: readonly VisibleEntity[]): JsonObject {
  const get = { operationId: "describeWorkspace", summary: "Describe the workspace", tags: TAGS };
  const described = jsonResponse("The workspace.", dataOf(schemaRef("shared-workspace")));
  const writable = writableOf(entities);
  return {
    "/": { get: { ...get, responses: { 200: described, ...READ_ERRORS } } },
    "/openapi.json": { get: describeApi },
    ...(writable.length > 0 && { "/transaction": { post: transact(writable) } }),
  };
}

const writableOf = (entities: readonly VisibleEntity[]) =>
  entities.filter(({ operations }) => operations.some((operation) => operation !== "read"));

const describeApi: JsonObject = {
  operationId: "describeApi",
  summary: "This document",
  tags: TAGS,
  parameters: [parameterRef("If-None-Match")],
  responses: {
    200: jsonResponse("The OpenAPI document.", { type: "object" }, { ETag: headerRef("ETag") }),
    304: responseRef("NotModified"),
    ...READ_ERRORS,
  },
};

function transact(entities: readonly VisibleEntity[]): JsonObject {
  const operations = arrayOf(schemaRef("shared-operation"), { minItems: 1, maxItems: MAX_BATCH_ITEMS });
  const record = { anyOf: [...entities.map(({ component }) => schemaRef(component)), { type: "null" }] };
  return {
    operationId: "transact",
    summary: "Write records of several entities, all or nothing",
    description:
      'In order. `{"$ref": "name.field"}` in a body is a field of the earlier operation called `name`. ' +
      "A failure is the failing operation's own, with `Operation {i}: ` before its message.",
    tags: TAGS,
    parameters: [parameterRef("Idempotency-Key")],
    requestBody: jsonBody(objectOf({ operations }, { closed: true })),
    responses: {
      200: jsonResponse("The records by operation; null for a delete.", dataOf(arrayOf(record)), REPLAYED),
      ...CONDITIONAL_WRITE_ERRORS,
    },
  };
}

const AS: JsonObject = { type: "string", pattern: NAME_PATTERN.source };
const BODY: JsonObject = { type: "object" };

function operationSchema(entities: readonly VisibleEntity[]): JsonObject {
  const options = { optional: ["as", "ifMatch"], closed: true };
  const form = (
    operation: Operation,
    methods: readonly string[],
    members: Readonly<Record<string, JsonObject>>,
  ) => {
    const allowed = entities.filter(({ operations }) => operations.includes(operation));
    if (allowed.length === 0) return [];
    const entity = { type: "string", enum: allowed.map(({ name }) => name) };
    const id = operation !== "create" && { id: idSchemaOf(allowed) };
    return [objectOf({ method: { type: "string", enum: methods }, entity, ...id, ...members }, options)];
  };
  return {
    type: "object",
    oneOf: [
      ...form("create", ["POST"], { as: AS, body: BODY }),
      ...form("update", ["PUT", "PATCH"], { ifMatch: ENTITY_TAGS, as: AS, body: BODY }),
      ...form("delete", ["DELETE"], { ifMatch: ENTITY_TAGS }),
    ],
  };
}

/** The id of a record of one of these entities. */
function idSchemaOf(entities: readonly VisibleEntity[]): JsonObject {
  const types = new Set(entities.map((entity) => (idColumn(entity)?.type === "UUID" ? "string" : "integer")));
  const [type, ...others] = types;
  return { type: others.length > 0 ? [...types] : (type ?? "integer") };
}

/** Schemas that are equal for every entity. */
export function workspaceSchemas(entities: readonly VisibleEntity[]): JsonObject {
  return {
    "shared-workspace": workspaceSchema,
    "shared-operation": operationSchema(writableOf(entities)),
    "shared-listMeta": listMeta,
    "shared-groups": dataOf(arrayOf({ type: "object" })),
    "shared-bulkError": objectOf({ index: COUNT, error: schemaRef("shared-errorBody") }),
  };
}

const listMeta: JsonObject = {
  ...objectOf(
    { page: COUNT, size: COUNT, totalElements: COUNT, totalPages: COUNT, nextCursor: nullable(STRING) },
    { optional: ["page", "totalElements", "totalPages", "nextCursor"] },
  ),
  description:
    "By page: `page` and the totals unless `count=none`. By cursor: `nextCursor`, null at the end.",
};

const DESCRIBED = { optional: ["description"] };

const relationship = objectOf(
  {
    name: STRING,
    kind: { type: "string", enum: ["TO_ONE", "TO_MANY", "MANY_TO_MANY"] },
    entity: STRING,
    description: STRING,
  },
  DESCRIBED,
);

const workspaceSchema = objectOf({
  organization: STRING,
  workspace: STRING,
  accessMode: { type: "string", enum: ACCESS_MODES },
  schemaVersion: COUNT,
  entities: arrayOf(
    objectOf(
      {
        name: STRING,
        description: STRING,
        columns: arrayOf({ type: "object" }),
        relationships: arrayOf(relationship),
        constraints: arrayOf({ type: "object" }),
      },
      DESCRIBED,
    ),
  ),
});
