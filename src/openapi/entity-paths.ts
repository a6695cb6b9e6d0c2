import type { Operation } from "../model/access.ts";
import type { JsonObject } from "../model/json.ts";
import { MAX_BATCH_ITEMS } from "../query/limits.ts";
import { bulkUpdateNameOf, createNameOf, flatCreateNameOf, updateNameOf } from "./entity-schemas.ts";
import {
  CONDITIONAL_READ_ERRORS,
  CONDITIONAL_WRITE_ERRORS,
  DELETE_ERRORS,
  READ_ERRORS,
  WRITE_ERRORS,
} from "./error-responses.ts";
import { matchingOperations } from "./matching-operations.ts";
import { hasUpsertKey, parameterNameOf } from "./naming-parameters.ts";
import {
  arrayOf,
  COUNT,
  dataOf,
  emptyResponse,
  headerRef,
  jsonBody,
  jsonResponse,
  objectOf,
  parameterRef,
  REPLAYED,
  responseRef,
  STRING,
  schemaRef,
} from "./parts.ts";
import { capitalized, idColumn, type VisibleEntity } from "./visible-schema.ts";

/** The right that each operation needs. */
const needs = {
  list: "read",
  create: "create",
  aggregate: "read",
  export: "read",
  bulkCreate: "create",
  bulkUpdate: "update",
  bulkDelete: "delete",
  bulkDeleteByPost: "delete",
  updateMatching: "update",
  deleteMatching: "delete",
  get: "read",
  update: "update",
  patch: "update",
  delete: "delete",
} as const satisfies Record<string, Operation>;

interface Words {
  readonly id: keyof typeof needs;
  readonly summary: string;
  readonly parameters?: readonly JsonObject[];
  readonly body?: JsonObject;
  readonly responses: JsonObject;
}

/** All paths of an entity, relative to the workspace, with the allowed operations. */
export function entityPaths(entity: VisibleEntity): JsonObject {
  const { name, component, keys, operations } = entity;
  const own = (...parameters: string[]) =>
    parameters.map((parameter) => parameterRef(parameterNameOf(component, parameter)));
  const operationOf =
    (named: string) =>
    ({ id, summary, parameters = [], body, responses }: Words): JsonObject | null =>
      operations.includes(needs[id])
        ? {
            operationId: id + capitalized(named),
            summary,
            tags: [name],
            ...(parameters.length > 0 && { parameters }),
            ...(body && { requestBody: body }),
            responses,
          }
        : null;
  const operation = operationOf(component);
  const make = { name, component, own, operation, canRead: operations.includes("read") };
  const byKeys = keys.map(({ column, component: key }) => [
    `/${name}/by/${column.name}/{value}`,
    recordOperations(
      { ...make, name: `${name} by its ${column.name}`, operation: operationOf(key) },
      parameterRef(parameterNameOf(key, "value")),
    ),
  ]);
  return pathsWith({
    [`/${name}`]: collectionOperations(make),
    [`/${name}/aggregate`]: { get: aggregateOperation(make) },
    [`/${name}/export`]: { get: exportOperation(make) },
    [`/${name}/bulk`]: bulkOperations(entity, make),
    [`/${name}/bulk/delete`]: { post: bulkDelete(entity, make, "bulkDeleteByPost") },
    [`/${name}/{id}`]: recordOperations(make, parameterRef(parameterNameOf(component, "id"))),
    ...Object.fromEntries(byKeys),
  });
}

/** Removes operations that are null, and paths without operations. */
function pathsWith(paths: Readonly<Record<string, JsonObject>>): JsonObject {
  const items = Object.entries(paths).flatMap(([path, item]) => {
    const { parameters, ...methods } = item;
    const kept = Object.entries(methods).filter(([, operation]) => operation !== null);
    if (kept.length === 0) return [];
    return [
      [path, { ...(parameters !== undefined && { parameters }), ...Object.fromEntries(kept) }] as const,
    ];
  });
  return Object.fromEntries(items);
}

export interface Maker {
  readonly name: string;
  readonly component: string;
  readonly own: (...parameters: string[]) => readonly JsonObject[];
  readonly operation: (words: Words) => JsonObject | null;
  readonly canRead: boolean;
}

const DELETED = emptyResponse("The record was deleted.", REPLAYED);

const shared = (...names: string[]) => names.map(parameterRef);

function collectionOperations(make: Maker): JsonObject {
  const { name, component, own, operation, canRead } = make;
  return {
    get: operation({
      id: "list",
      summary: `List records of ${name}`,
      parameters: [
        ...shared("page", "size", "count", "cursor"),
        ...own("filter", "sort", "fields", "expand"),
      ],
      responses: { 200: jsonResponse("A page of records.", listOf(component)), ...READ_ERRORS },
    }),
    post: operation({
      id: "create",
      summary: `Create a record of ${name}`,
      parameters: [...(canRead ? own("fields", "expand") : []), ...shared("Idempotency-Key")],
      body: jsonBody(schemaRef(createNameOf(component))),
      responses: { 201: responseRef(`${component}-created`), ...WRITE_ERRORS },
    }),
    ...matchingOperations(make),
  };
}

const listOf = (name: string) =>
  objectOf({ data: arrayOf(schemaRef(name)), meta: schemaRef("shared-listMeta") });

function aggregateOperation({ own, operation }: Maker): JsonObject | null {
  return operation({
    id: "aggregate",
    summary: "Compute measures by group",
    parameters: [...own("measure", "groupBy"), ...shared("measureSort"), ...own("filter")],
    responses: {
      200: jsonResponse("One object for each group.", schemaRef("shared-groups")),
      ...READ_ERRORS,
    },
  });
}

function exportOperation({ name, own, operation }: Maker): JsonObject | null {
  const content = {
    "text/csv": { schema: STRING },
    "application/x-ndjson": { schema: STRING },
  };
  return operation({
    id: "export",
    summary: `Stream every matching record of ${name}`,
    parameters: [...shared("format", "escapeFormulas"), ...own("filter", "sort", "exportFields")],
    responses: {
      200: { ...emptyResponse("The records, as they are read."), content },
      ...READ_ERRORS,
    },
  });
}

/** The operations on one record, which the parameter names. */
function recordOperations({ name, component, own, operation }: Maker, parameter: JsonObject): JsonObject {
  const update = (id: "update" | "patch") =>
    operation({
      id,
      summary: `Change fields of a record of ${name}`,
      parameters: [...own("fields", "expand"), ...shared("If-Match", "If-None-Match", "Idempotency-Key")],
      body: jsonBody(schemaRef(updateNameOf(component))),
      responses: { 200: responseRef(`${component}-record`), ...CONDITIONAL_WRITE_ERRORS },
    });
  return {
    parameters: [parameter],
    get: operation({
      id: "get",
      summary: `Get a record of ${name}`,
      parameters: [...own("fields", "expand"), ...shared("If-Match", "If-None-Match")],
      responses: {
        200: responseRef(`${component}-record`),
        304: responseRef("NotModified"),
        ...CONDITIONAL_READ_ERRORS,
      },
    }),
    put: update("update"),
    patch: update("patch"),
    delete: operation({
      id: "delete",
      summary: `Delete a record of ${name}`,
      parameters: shared("If-Match", "If-None-Match", "Idempotency-Key"),
      responses: { 204: DELETED, ...DELETE_ERRORS },
    }),
  };
}

const BULK_PARAMETERS = shared("atomic", "Prefer", "Idempotency-Key");

const bulkMaker =
  ({ component, operation }: Pick<Maker, "component" | "operation">) =>
  (words: Pick<Words, "id" | "summary" | "parameters">, item: JsonObject) =>
    operation({
      ...words,
      body: jsonBody(arrayOf(item, { minItems: 1, maxItems: MAX_BATCH_ITEMS })),
      responses: { 200: responseRef(`${component}-bulk`), ...WRITE_ERRORS },
    });

/** A POST for clients and proxies that drop the body of a DELETE. */
function bulkDelete(entity: VisibleEntity, make: Maker, id: "bulkDelete" | "bulkDeleteByPost") {
  const idSchema: JsonObject = { type: idColumn(entity)?.type === "UUID" ? "string" : "integer" };
  const words = { id, summary: `Delete records of ${make.name}`, parameters: BULK_PARAMETERS };
  return bulkMaker(make)(words, idSchema);
}

function bulkOperations(entity: VisibleEntity, maker: Maker): JsonObject {
  const { name, component, operation, own } = maker;
  const make = bulkMaker({ component, operation });
  const parameters = BULK_PARAMETERS;
  const update = { anyOf: [schemaRef(bulkUpdateNameOf(component)), schemaRef(flatCreateNameOf(entity))] };
  return {
    post: make(
      { id: "bulkCreate", summary: `Create records of ${name}`, parameters },
      schemaRef(createNameOf(component)),
    ),
    put: make(
      {
        id: "bulkUpdate",
        summary: `Change records of ${name}, or create them`,
        parameters: [...parameters, ...(hasUpsertKey(entity) ? own("upsertBy") : [])],
      },
      update,
    ),
    delete: bulkDelete(entity, maker, "bulkDelete"),
  };
}

/** `components.responses` of an entity. */
export function entityResponses({ component: name }: VisibleEntity): JsonObject {
  const record = schemaRef(name);
  const bulk = objectOf(
    {
      succeeded: COUNT,
      failed: COUNT,
      errors: arrayOf(schemaRef("shared-bulkError")),
      data: arrayOf({ anyOf: [record, { type: "null" }] }),
    },
    { optional: ["errors", "data"] },
  );
  const written = { ETag: headerRef("ETag"), ...REPLAYED };
  return {
    [`${name}-record`]: jsonResponse("The record.", dataOf(record), written),
    [`${name}-created`]: jsonResponse("The record as it was created.", dataOf(record), {
      ...written,
      Location: headerRef("Location"),
    }),
    [`${name}-bulk`]: jsonResponse("How many items succeeded, and why others did not.", bulk, {
      "Preference-Applied": headerRef("Preference-Applied"),
      ...REPLAYED,
    }),
  };
}
