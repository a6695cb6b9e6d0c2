import { invalidToken, readOnly } from "../errors/api-errors.ts";
import type { Access } from "../model/access.ts";
import type { Catalog } from "../model/catalog.ts";
import type { JsonObject } from "../model/json.ts";
import { entityPaths, entityResponses } from "./entity-paths.ts";
import { entitySchemas } from "./entity-schemas.ts";
import { errorResponses, errorSchemas, sharedHeaders } from "./error-responses.ts";
import { entityParameters, parameterSchemas, sharedParameters } from "./parameters.ts";
import { bearer, componentsOf, emptyResponse, headerRef, LICENSE, STRING, securedBy } from "./parts.ts";
import { principalPaths } from "./principal-paths.ts";
import { type Narrowing, type VisibleEntity, visibleEntitiesOf } from "./visible-schema.ts";
import { withoutUnused } from "./without-unused.ts";
import { workspacePaths, workspaceSchemas } from "./workspace-paths.ts";

/**
 * The OpenAPI 3.1 document of a workspace with its current schema, as far as the access reaches. The same catalog and
 * access give the same document, byte for byte.
 */
export function buildWorkspaceDocument(catalog: Catalog, access: Access, narrowing?: Narrowing): JsonObject {
  const entities = visibleEntitiesOf(catalog, access, narrowing);
  const document = documentOf(catalog, entities, access);
  return access.isWhole && entities.length > 0 ? document : withoutUnused(document);
}

function documentOf(catalog: Catalog, entities: readonly VisibleEntity[], access: Access): JsonObject {
  const collect = (part: (entity: VisibleEntity) => JsonObject) => Object.assign({}, ...entities.map(part));
  return {
    openapi: "3.1.0",
    info: infoOf(catalog),
    servers: [{ url: `/api/v1/${catalog.organization}/${catalog.workspace}` }],
    security: securedBy("apiKey"),
    tags: [
      { name: "Workspace", description: "The workspace as a whole." },
      ...entities.map(({ name, description = `Records of ${name}.` }) => ({ name, description })),
    ],
    paths: { ...workspacePaths(entities), ...principalPaths(access), ...collect(entityPaths) },
    components: componentsOf({
      securitySchemes: {
        apiKey: bearer("An API key of the workspace, `sk_live_…`, or the token of a user."),
      },
      headers: { ...sharedHeaders, ...recordHeaders },
      parameters: {
        ...sharedParameters,
        ...collect(entityParameters),
      },
      responses: {
        ...errorResponses(undefined, access.who === "USER" ? messagesForUsers : {}),
        NotModified: emptyResponse("The client's copy is still current.", { ETag: headerRef("ETag") }),
        ...collect(entityResponses),
      },
      schemas: {
        ...errorSchemas,
        ...workspaceSchemas(entities),
        ...collect((entity) => ({ ...entitySchemas(entity), ...parameterSchemas(entity) })),
      },
    }),
  };
}

const messagesForUsers = { UNAUTHORIZED: invalidToken().message, FORBIDDEN: readOnly("USER").message };

const recordHeaders: JsonObject = {
  ETag: { description: "The version of the response.", schema: STRING },
  Location: { description: "The record's path.", schema: { type: "string", format: "uri-reference" } },
  "Idempotent-Replayed": {
    description: "`true`: the response is that of an earlier request with the same Idempotency-Key.",
    schema: STRING,
  },
  "Preference-Applied": { description: "The preference that was honoured.", schema: STRING },
};

function infoOf({ organization, workspace, schemaVersion }: Catalog): JsonObject {
  return {
    title: `${organization}/${workspace}`,
    version: String(schemaVersion),
    description: "Data API of one workspace. `HEAD` works wherever `GET` does.",
    license: LICENSE,
  };
}
