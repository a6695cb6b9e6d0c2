import { invalidAdminToken, notFound, schemaHasChanged, uniqueViolation } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import { errorRefs, errorResponses, errorSchemas, sharedHeaders } from "../../openapi/error-responses.ts";
import {
  arrayOf,
  BOOLEAN,
  bearer,
  COUNT,
  dataOf,
  emptyResponse,
  headerRef,
  INSTANT,
  jsonBody,
  jsonResponse,
  LICENSE,
  objectOf,
  parameterRef,
  responseRef,
  STRING,
  schemaRef,
} from "../../openapi/parts.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../query/limits.ts";
import type { AdminOperation, AdminPath, AdminTag } from "./admin-operation.ts";
import { inputSchemas } from "./input-schemas.ts";
import { adminPaths } from "./operations.ts";
import { outputSchemas } from "./output-schemas.ts";

const BASE = "/admin/v1";
const READ = [400, 401, 404, 405, 500, 503];
const WRITE = [400, 401, 404, 405, 409, 413, 415, 422, 500, 503];
const PUBLIC = [405, 500, 503];
const ALL = [...WRITE, 412];

/** OpenAPI 3.1 of the admin API and of what says whether the service is well. */
export function buildAdminDocument(): JsonObject {
  const paths = Object.entries(adminPaths).map(([path, described]) => [BASE + path, pathOf(path, described)]);
  return {
    openapi: "3.1.0",
    info: {
      title: "SchemaStack Edge: admin API",
      version: "1",
      description: "For the owners of workspaces, and for their scripts. `HEAD` works wherever `GET` does.",
      license: LICENSE,
    },
    servers: [{ url: "/" }],
    security: [{ adminToken: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: { ...Object.fromEntries(paths), [`${BASE}/openapi.json`]: { get: describe }, ...health },
    components: {
      securitySchemes: { adminToken: bearer("The deployment's `ADMIN_TOKEN`.") },
      headers: { ...sharedHeaders, ETag: { description: "Changes with what is answered.", schema: STRING } },
      parameters,
      responses: {
        ...errorResponses(ALL, adminMessages),
        NotModified: emptyResponse("What was named is still current.", { ETag: headerRef("ETag") }),
      },
      schemas: { ...errorSchemas, PageMeta: pageMeta, ...inputSchemas(), ...outputSchemas },
    },
  };
}

const tags: Readonly<Record<AdminTag | "Service", string>> = {
  Organizations: "Who owns workspaces.",
  Workspaces: "A schema, its records and its keys.",
  "API keys": "What opens one workspace.",
  Entities: "Definitions: columns, constraints, relationships, settings.",
  Schema: "All entities of a workspace as one document.",
  Webhooks: "Who is told of changes of records, and what became of it.",
  Audit: "Who changed what, and when.",
  Service: "The service itself.",
};

const adminMessages = {
  UNAUTHORIZED: invalidAdminToken().message,
  NOT_FOUND: notFound("Workspace", "shop").message,
  FOREIGN_KEY_VIOLATION: "Organization acme still has workspaces",
  UNIQUE_CONSTRAINT_VIOLATION: uniqueViolation([{ field: "slug", value: "shop" }]).message,
  PRECONDITION_FAILED: schemaHasChanged().message,
};

function pathOf(path: string, { tag, operations }: AdminPath): JsonObject {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => parameterRef(name));
  const methods = Object.entries(operations).map(([method, operation]) => {
    return [method, operationOf(operation, tag, method === "get")];
  });
  return { ...(names.length > 0 && { parameters: names }), ...Object.fromEntries(methods) };
}

function operationOf(operation: AdminOperation, tag: string, isRead: boolean): JsonObject {
  const { id, summary, body, isBodyOptional, errors = [] } = operation;
  const names = [...(operation.isPage ? ["page", "size"] : []), ...(operation.parameters ?? [])];
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(names.length > 0 && { parameters: names.map(parameterRef) }),
    ...(body && { requestBody: jsonBody(schemaRef(body), !isBodyOptional) }),
    responses: { ...answerOf(operation), ...errorRefs([...(isRead ? READ : WRITE), ...errors]) },
  };
}

function answerOf({ answer, isPage, isCreated, isAccepted, isTagged }: AdminOperation): JsonObject {
  if (!answer) return { 204: emptyResponse("Done.") };
  const schema = schemaRef(answer);
  if (isPage) {
    return { 200: jsonResponse("A page.", objectOf({ data: arrayOf(schema), meta: schemaRef("PageMeta") })) };
  }
  const headers = isTagged ? { ETag: headerRef("ETag") } : {};
  const status = isCreated ? 201 : isAccepted ? 202 : 200;
  return { [status]: jsonResponse("Done.", dataOf(schema), headers) };
}

const describe: JsonObject = {
  operationId: "describeAdminApi",
  summary: "This document",
  tags: ["Service"],
  parameters: [parameterRef("If-None-Match")],
  responses: {
    200: jsonResponse("The OpenAPI document.", { type: "object" }, { ETag: headerRef("ETag") }),
    304: responseRef("NotModified"),
    ...errorRefs(READ),
  },
};

const healthOperation = (operationId: string, summary: string, status: string): JsonObject => ({
  get: {
    operationId,
    summary,
    tags: ["Service"],
    security: [],
    responses: {
      200: jsonResponse("It is.", objectOf({ status: { type: "string", const: status } }, { closed: true })),
      ...errorRefs(PUBLIC),
    },
  },
});

const health: JsonObject = {
  "/healthz": healthOperation("isHealthy", "Whether the Worker runs", "ok"),
  "/readyz": healthOperation("isReady", "Whether database and KV can be reached", "ready"),
};

const pageMeta = objectOf(
  { page: COUNT, size: COUNT, totalElements: COUNT, totalPages: COUNT },
  { closed: true },
);

const inPath = (name: string, description: string): JsonObject => ({
  name,
  in: "path",
  required: true,
  description,
  schema: STRING,
});

const inQuery = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  in: "query",
  description,
  schema,
});

const inHeader = (name: string, description: string): JsonObject => ({
  name,
  in: "header",
  description,
  schema: STRING,
});

const parameters: JsonObject = {
  organization: inPath("organization", "Slug of the organization."),
  workspace: inPath("workspace", "Slug of the workspace."),
  entity: inPath("entity", "Name of the entity."),
  column: inPath("column", "Name of the column."),
  id: inPath("id", "Id of the API key or webhook."),
  delivery: inPath("delivery", "Id of the delivery."),
  page: inQuery("page", "From 0.", { ...COUNT, default: 0 }),
  size: inQuery("size", "Items of one page.", {
    type: "integer",
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
  }),
  confirm: inQuery("confirm", "The name of what is dropped, again; without it nothing is.", STRING),
  dryRun: inQuery("dryRun", "Only tells what would be changed.", { ...BOOLEAN, default: false }),
  action: inQuery("action", "Only this action, such as `workspace.updated`.", STRING),
  subject: inQuery("subject", "Only what was done to this.", STRING),
  from: inQuery("from", "Not before.", INSTANT),
  to: inQuery("to", "Not after.", INSTANT),
  allow: inQuery("allow", "`lossy` allows changes that destroy data.", { type: "string", enum: ["lossy"] }),
  "If-Match": inHeader("If-Match", "Changes only the schema that has this `ETag`."),
  "If-None-Match": inHeader("If-None-Match", "Answers 304 while the `ETag` is still this one."),
};
