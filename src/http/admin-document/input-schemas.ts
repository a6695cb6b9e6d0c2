import * as z from "zod/v4";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import {
  createApiKeySchema,
  rotateApiKeySchema,
  updateApiKeySchema,
} from "../../services/api-keys/api-key.ts";
import {
  columnPatchSchema,
  columnSchema,
  entityDefinitionSchema,
  schemaDocumentSchema,
} from "../../services/entities/entity-definition-schema.ts";
import { updateEntitySchema } from "../../services/entities/update-entity.ts";
import {
  createOrganizationSchema,
  updateOrganizationSchema,
} from "../../services/organizations/organization.ts";
import { sendRecordsSchema } from "../../services/webhooks/send-records.ts";
import {
  createWebhookSchema,
  rotateSecretSchema,
  updateWebhookSchema,
} from "../../services/webhooks/webhook.ts";
import { createWorkspaceSchema, updateWorkspaceSchema } from "../../services/workspaces/workspace.ts";

/* What a schema cannot tell of a URL anyway. */
const anyDestination = { allowsHttp: true, allowsPrivate: true };

/** What is sent, by the name of its component: the very schemas that bodies are parsed with. */
const inputs = {
  OrganizationInput: createOrganizationSchema,
  OrganizationPatch: updateOrganizationSchema,
  WorkspaceInput: createWorkspaceSchema,
  WorkspacePatch: updateWorkspaceSchema,
  ApiKeyInput: createApiKeySchema,
  ApiKeyPatch: updateApiKeySchema,
  ApiKeyRotation: rotateApiKeySchema,
  ColumnInput: columnSchema,
  ColumnPatch: columnPatchSchema,
  EntityInput: entityDefinitionSchema,
  EntityPatch: updateEntitySchema,
  SchemaInput: schemaDocumentSchema,
  WebhookInput: createWebhookSchema(anyDestination),
  WebhookPatch: updateWebhookSchema(anyDestination),
  WebhookSecretRotation: rotateSecretSchema,
  RecordsToSend: sendRecordsSchema,
} as const satisfies Record<string, z.ZodType>;

export type InputName = keyof typeof inputs;

/** `components.schemas` of everything that is sent; what one contains of another it refers to. */
export function inputSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(inputs)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
    override({ jsonSchema }) {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  return Object.fromEntries(
    Object.keys(inputs).map((name) => [name, withoutIdentity(schemas[name] as unknown as JsonObject)]),
  );
}

function withoutIdentity({ $id: _, $schema: _schema, ...schema }: JsonObject): JsonObject {
  return withAnyJson(schema) as JsonObject;
}

const ANY_JSON: JsonObject = {
  type: ["object", "array", "string", "number", "boolean", "null"],
  additionalProperties: true,
};

/** The recursive schema of any JSON value stands outside of the components; this one means the same. */
function withAnyJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withAnyJson);
  if (value === null || typeof value !== "object") return value;
  const { $ref } = value as JsonObject;
  if (typeof $ref === "string" && $ref.includes("__shared")) return ANY_JSON;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withAnyJson(part)]));
}
