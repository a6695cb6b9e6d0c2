import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import { entityPaths, entityResponses } from "./entity-paths.ts";
import { entitySchemas } from "./entity-schemas.ts";
import { errorResponses, errorSchemas, READ_STATUSES, sharedHeaders } from "./error-responses.ts";
import { entityParameters, parameterSchemas, sharedParameters } from "./parameters.ts";
import { bearer, emptyResponse, headerRef, LICENSE, STRING } from "./parts.ts";
import type { QueryFacts } from "./query-facts.ts";
import { workspacePaths, workspaceSchemas } from "./workspace-paths.ts";

/** OpenAPI 3.1 of one workspace as its schema stands; the same catalog gives the same document, byte for byte. */
export function buildWorkspaceDocument(catalog: Catalog, facts: QueryFacts): JsonObject {
  const entities = [...catalog.entities.values()];
  const has = entities.length > 0;
  const collect = (part: (entity: Entity) => JsonObject) => Object.assign({}, ...entities.map(part));
  return {
    openapi: "3.1.0",
    info: infoOf(catalog),
    servers: [{ url: `/api/v1/${catalog.organization}/${catalog.workspace}` }],
    security: [{ apiKey: [] }],
    tags: [
      { name: "Workspace", description: "The workspace as a whole." },
      ...entities.map(({ name }) => ({ name, description: `Records of ${name}.` })),
    ],
    paths: { ...workspacePaths(entities, facts), ...collect((entity) => entityPaths(entity, facts)) },
    components: {
      securitySchemes: { apiKey: bearer("An API key of the workspace: `sk_live_…`.") },
      headers: { ...sharedHeaders, ETag: ETAG, ...(has && RECORD_HEADERS) },
      parameters: {
        ...(has ? sharedParameters(facts) : ifNoneMatchOf(sharedParameters(facts))),
        ...collect((entity) => entityParameters(entity, facts)),
      },
      responses: {
        ...errorResponses(has ? undefined : READ_STATUSES),
        NotModified: emptyResponse("What was named is still current.", { ETag: headerRef("ETag") }),
        ...collect(entityResponses),
      },
      schemas: {
        ...errorSchemas,
        ...workspaceSchemas(entities, facts),
        ...collect((entity) => ({ ...entitySchemas(entity), ...parameterSchemas(entity, facts) })),
      },
    },
  };
}

const ETAG: JsonObject = { description: "Of what is answered; changes when it does.", schema: STRING };
const RECORD_HEADERS: JsonObject = {
  Location: { description: "The record's path.", schema: { type: "string", format: "uri-reference" } },
  "Idempotent-Replayed": {
    description: "`true`: the answer is that of an earlier request with the same Idempotency-Key.",
    schema: STRING,
  },
  "Preference-Applied": { description: "The preference that was honoured.", schema: STRING },
};

/** A workspace without entities has no use for the other parameters. */
const ifNoneMatchOf = (parameters: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => name === "If-None-Match"));

function infoOf({ organization, workspace, schemaVersion }: Catalog): JsonObject {
  return {
    title: `${organization}/${workspace}`,
    version: String(schemaVersion),
    description: "Data API of one workspace. `HEAD` works wherever `GET` does.",
    license: LICENSE,
  };
}
