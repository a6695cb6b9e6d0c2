import {
  invalidAdminToken,
  notFound,
  roleNotAllowed,
  schemaHasChanged,
  uniqueViolation,
} from "../../errors/api-errors.ts";
import type { JsonObject } from "../../model/json.ts";
import { errorRefs, errorResponses, errorSchemas, sharedHeaders } from "../../openapi/error-responses.ts";
import {
  arrayOf,
  bearer,
  COUNT,
  componentsOf,
  dataOf,
  emptyResponse,
  headerRef,
  jsonBody,
  jsonResponse,
  LICENSE,
  objectOf,
  parameterRef,
  responseRef,
  STRING,
  schemaRef,
  securedBy,
} from "../../openapi/parts.ts";
import type { AdminOperation, AdminRoute, AdminTag } from "./admin-route.ts";
import { componentName, componentSchemas } from "./components.ts";
import { adminParameters } from "./parameters.ts";

const BASE = "/admin/v1";
const READ = [400, 401, 403, 404, 405, 429, 500, 503];
const WRITE = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503];
const PUBLIC = [405, 500, 503];
const ALL = [...WRITE, 412];

/** Builds the OpenAPI 3.1 document of the admin API and the health checks from the routes. */
export function buildAdminDocument(routes: readonly AdminRoute[]): JsonObject {
  const paths = routes.map((route) => [BASE + route.path.replaceAll(/:(\w+)/g, "{$1}"), pathOf(route)]);
  return {
    openapi: "3.1.0",
    info: {
      title: "SchemaStack Edge: admin API",
      version: "1",
      description: "For the owners of workspaces, and for their scripts. `HEAD` works wherever `GET` does.",
      license: LICENSE,
    },
    servers: [{ url: "/" }],
    security: securedBy("adminToken"),
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: { ...Object.fromEntries(paths), [`${BASE}/openapi.json`]: { get: describe }, ...health },
    components: componentsOf({
      securitySchemes: { adminToken: bearer("The deployment's `ADMIN_TOKEN`.") },
      headers: { ...sharedHeaders, ETag: { description: "Changes with the response.", schema: STRING } },
      parameters: adminParameters,
      responses: {
        ...errorResponses(ALL, adminMessages),
        NotModified: emptyResponse("The client's copy is still current.", { ETag: headerRef("ETag") }),
      },
      schemas: { ...errorSchemas, PageMeta: pageMeta, ...componentSchemas() },
    }),
  };
}

const tags: Readonly<Record<AdminTag | "Service", string>> = {
  Organizations: "Owners of workspaces.",
  Workspaces: "A schema, its records and its keys.",
  "API keys": "Keys for the records of one workspace.",
  Users: "Identity providers whose users may sign in to a workspace, and the roles of users.",
  Entities: "Definitions: columns, constraints, relationships, settings.",
  Schema: "All entities of a workspace as one document.",
  Webhooks: "Messages about changed records, and their deliveries.",
  Audit: "Who changed what, and when.",
  Administrators: "Who may use this API: admin keys, and people who sign in at the identity provider.",
  Service: "The service itself.",
};

const adminMessages = {
  UNAUTHORIZED: invalidAdminToken().message,
  FORBIDDEN: roleNotAllowed().message,
  NOT_FOUND: notFound("Workspace", "shop").message,
  FOREIGN_KEY_VIOLATION: "Organization acme still has workspaces",
  UNIQUE_CONSTRAINT_VIOLATION: uniqueViolation([{ field: "slug", value: "shop" }]).message,
  PRECONDITION_FAILED: schemaHasChanged().message,
};

function pathOf({ path, tag, ...methods }: AdminRoute): JsonObject {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => parameterRef(name));
  const operations = Object.entries(methods).map(([method, operation]) => {
    return [method.toLowerCase(), operationOf(operation, tag, method === "GET")];
  });
  return { ...(names.length > 0 && { parameters: names }), ...Object.fromEntries(operations) };
}

function operationOf(operation: AdminOperation, tag: AdminTag, isRead: boolean): JsonObject {
  const { id, summary, body, isBodyOptional, isConditional, isTagged, query = [] } = operation;
  const isCacheable = isRead && isTagged;
  const conditions = [...(isConditional ? ["If-Match"] : []), ...(isCacheable ? ["If-None-Match"] : [])];
  const names = [...query, ...conditions];
  return {
    operationId: id,
    summary,
    description: roleText(operation),
    tags: [tag],
    ...(names.length > 0 && { parameters: names.map(parameterRef) }),
    ...(body && { requestBody: jsonBody(schemaRef(componentName(body)), !isBodyOptional) }),
    responses: {
      ...responseOf(operation),
      ...(isCacheable && { 304: responseRef("NotModified") }),
      ...errorRefs([...(isRead ? READ : WRITE), ...(isConditional ? [412] : [])]),
    },
  };
}

function roleText({ role, roleOfFields, isGlobal }: AdminOperation): string {
  const text = `Needs the role ${role}${isGlobal ? " in all organizations" : ""}.`;
  if (!roleOfFields) return text;
  return `${text} ${roleOfFields.role} may send ${roleOfFields.fields.join(", ")} alone.`;
}

function responseOf({ status, answer, isPage, isTagged }: AdminOperation): JsonObject {
  if (!answer) return { [status]: emptyResponse("Done.") };
  const schema = schemaRef(componentName(answer));
  if (isPage) {
    const page = objectOf({ data: arrayOf(schema), meta: schemaRef("PageMeta") });
    return { [status]: jsonResponse("A page.", page) };
  }
  const headers = isTagged ? { ETag: headerRef("ETag") } : {};
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
      200: jsonResponse("It is.", objectOf({ status: { type: "string", const: status } })),
      ...errorRefs(PUBLIC),
    },
  },
});

const health: JsonObject = {
  "/healthz": healthOperation("isHealthy", "Whether the Worker runs", "ok"),
  "/readyz": healthOperation("isReady", "Whether database and KV can be reached", "ready"),
};

const pageMeta = objectOf({ page: COUNT, size: COUNT, totalElements: COUNT, totalPages: COUNT });
