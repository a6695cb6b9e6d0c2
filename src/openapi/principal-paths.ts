import { OPERATIONS } from "../model/access.ts";
import { PERMISSIONS } from "../model/api-key.ts";
import type { JsonObject } from "../model/json.ts";
import { READ_ERRORS, WRITE_ERRORS } from "./error-responses.ts";
import { arrayOf, dataOf, INSTANT, jsonBody, jsonResponse, nullable, objectOf, STRING } from "./parts.ts";

const TAGS = ["Workspace"];
const SUBJECT: JsonObject = { type: "string", minLength: 1, maxLength: 255 };
const CLAIMS: JsonObject = {
  type: "object",
  required: ["sub"],
  properties: { sub: SUBJECT },
  additionalProperties: true,
};
/** Updates and deletes reveal whether a record exists, so a scope can have them only together with read. */
export const READ_BEFORE_WRITE = {
  anyOf: [{ contains: { const: "read" } }, { items: { enum: ["create"] } }],
};
const SCOPE: JsonObject = objectOf(
  {
    entity: { type: "string", minLength: 1 },
    operations: arrayOf({ type: "string", enum: OPERATIONS }, { minItems: 1, ...READ_BEFORE_WRITE }),
    filter: nullable({ type: "object" }),
    check: nullable({ type: "object" }),
    fields: nullable(arrayOf(STRING)),
    writableFields: nullable(arrayOf(STRING)),
    presets: nullable({ type: "object" }),
  },
  { optional: ["filter", "check", "fields", "writableFields", "presets"], closed: true },
);

/** The caller's own description, and the tokens of a key that may mint them. */
export function principalPaths({ mayMintTokens }: { readonly mayMintTokens: boolean }): JsonObject {
  return {
    "/me": { get: describePrincipal },
    ...(mayMintTokens && {
      "/tokens": { post: createToken },
      "/tokens/revoke": { post: revokeTokens },
    }),
  };
}

const describePrincipal: JsonObject = {
  operationId: "describePrincipal",
  summary: "Describe the caller and their rights",
  tags: TAGS,
  responses: {
    200: jsonResponse(
      "The principal of this request.",
      dataOf(
        objectOf({
          kind: { type: "string", enum: ["KEY", "TOKEN", "USER", "ANONYMOUS"] },
          subject: nullable(STRING),
          claims: nullable({ type: "object" }),
          role: nullable(STRING),
          permission: { type: "string", enum: PERMISSIONS },
          entities: arrayOf(
            objectOf({
              name: STRING,
              operations: arrayOf({ type: "string", enum: OPERATIONS }),
              fields: arrayOf(STRING),
              writableFields: arrayOf(STRING),
            }),
          ),
          expiresAt: nullable(INSTANT),
        }),
      ),
    ),
    ...READ_ERRORS,
  },
};

const createToken: JsonObject = {
  operationId: "createToken",
  summary: "Mint a token for a user",
  description: "The token may do what the key may do, narrowed by `scopes`; rules can refer to its claims.",
  tags: TAGS,
  requestBody: jsonBody(
    objectOf(
      {
        claims: CLAIMS,
        expiresIn: { type: "integer", minimum: 60, maximum: 86_400, default: 3_600 },
        scopes: nullable(arrayOf(SCOPE, { minItems: 1 })),
      },
      { optional: ["expiresIn", "scopes"], closed: true },
    ),
  ),
  responses: {
    201: jsonResponse("The token.", dataOf(objectOf({ token: STRING, expiresAt: INSTANT }))),
    ...WRITE_ERRORS,
  },
};

const revokeTokens: JsonObject = {
  operationId: "revokeTokens",
  summary: "End the key's tokens: those of a subject, or all",
  tags: TAGS,
  requestBody: jsonBody({
    oneOf: [
      objectOf({ sub: SUBJECT }, { closed: true }),
      objectOf({ all: { type: "boolean", const: true } }, { closed: true }),
    ],
  }),
  responses: {
    200: jsonResponse("Since when.", dataOf(objectOf({ revokedBefore: INSTANT }))),
    ...WRITE_ERRORS,
  },
};
