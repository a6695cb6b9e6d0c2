import {
  apiKeySchema,
  apiKeyWithSecretSchema,
  createApiKeySchema,
  updateApiKeySchema,
} from "../../services/api-keys/api-key.ts";
import { createApiKey } from "../../services/api-keys/create-api-key.ts";
import { getApiKey } from "../../services/api-keys/get-api-key.ts";
import { listApiKeys } from "../../services/api-keys/list-api-keys.ts";
import { revokeApiKey } from "../../services/api-keys/revoke-api-key.ts";
import { rotateApiKey } from "../../services/api-keys/rotate-api-key.ts";
import { syncApiKeys, synchronizationSchema } from "../../services/api-keys/sync-api-keys.ts";
import { updateApiKey } from "../../services/api-keys/update-api-key.ts";
import { rotationSchema } from "../../services/field-schemas.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { idInPath, WORKSPACE } from "./paths.ts";

const ApiKeyInput = bodySchema("ApiKeyInput", createApiKeySchema);
const ApiKeyPatch = bodySchema("ApiKeyPatch", updateApiKeySchema);
export const ApiKeyRotation = bodySchema("ApiKeyRotation", rotationSchema);
const ApiKey = answerSchema("ApiKey", apiKeySchema);
const ApiKeyWithSecret = answerSchema("ApiKeyWithSecret", apiKeyWithSecretSchema);
const Synchronization = answerSchema("Synchronization", synchronizationSchema);

export const apiKeys: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/api-keys`,
    tag: "API keys",
    GET: page({
      id: "listApiKeys",
      summary: "List API keys",
      role: "VIEWER",
      answer: ApiKey,
      handle: (c, request) => listApiKeys(workspaceContext(c), request),
    }),
    POST: created({
      id: "createApiKey",
      summary: "Create an API key, which is shown once",
      role: "ADMIN",
      body: ApiKeyInput,
      answer: ApiKeyWithSecret,
      handle: async (c, { body }) => createApiKey(workspaceContext(c), body()),
    }),
  },
  {
    path: `${WORKSPACE}/api-keys/sync`,
    tag: "API keys",
    POST: one({
      id: "syncApiKeys",
      summary: "Rewrite KV from the database",
      role: "ADMIN",
      answer: Synchronization,
      handle: (c) => syncApiKeys(workspaceContext(c)),
    }),
  },
  {
    path: `${WORKSPACE}/api-keys/:id`,
    tag: "API keys",
    GET: one({
      id: "getApiKey",
      summary: "Get an API key",
      role: "VIEWER",
      answer: ApiKey,
      handle: (c) => getApiKey(workspaceContext(c), idInPath(c)),
    }),
    PATCH: one({
      id: "updateApiKey",
      summary: "Change an API key",
      role: "ADMIN",
      body: ApiKeyPatch,
      answer: ApiKey,
      handle: async (c, { body }) => updateApiKey(workspaceContext(c), { id: idInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "revokeApiKey",
      summary: "Revoke an API key",
      role: "OPERATOR",
      handle: (c) => revokeApiKey(workspaceContext(c), idInPath(c)),
    }),
  },
  {
    path: `${WORKSPACE}/api-keys/:id/rotate`,
    tag: "API keys",
    POST: one({
      id: "rotateApiKey",
      summary: "Rotate an API key; the old secret ends with the grace period",
      role: "OPERATOR",
      body: ApiKeyRotation,
      isBodyOptional: true,
      answer: ApiKeyWithSecret,
      handle: async (c, { body }) => rotateApiKey(workspaceContext(c), { id: idInPath(c), body: body() }),
    }),
  },
];
