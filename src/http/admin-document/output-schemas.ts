import { OPERATIONS } from "../../model/access.ts";
import { ACCESS_MODES } from "../../model/access-mode.ts";
import { PERMISSIONS } from "../../model/api-key.ts";
import type { JsonObject } from "../../model/json.ts";
import { MCP_MODES } from "../../model/mcp-mode.ts";
import { RISKS, SCHEMA_CHANGE_KINDS } from "../../model/schema-change.ts";
import { DELIVERY_STATES, WEBHOOK_EVENTS } from "../../model/webhook.ts";
import {
  arrayOf,
  BOOLEAN,
  COUNT,
  INSTANT,
  nullable,
  objectOf,
  STRING,
  schemaRef,
} from "../../openapi/parts.ts";

const closed = { closed: true };
const NULLABLE_INSTANT = nullable(INSTANT);

const apiKey = {
  id: STRING,
  name: STRING,
  keyPrefix: STRING,
  permission: { type: "string", enum: PERMISSIONS },
  expiresAt: NULLABLE_INSTANT,
  createdAt: INSTANT,
  lastUsedAt: NULLABLE_INSTANT,
  revokedAt: NULLABLE_INSTANT,
  scopes: arrayOf(
    objectOf({ entity: STRING, operations: arrayOf({ type: "string", enum: OPERATIONS }) }, closed),
  ),
  allowedIps: arrayOf(STRING),
};
/** Absent where the key is not narrowed. */
const asKey = { optional: ["scopes", "allowedIps"], closed: true };

const webhook = {
  id: STRING,
  name: STRING,
  url: STRING,
  events: arrayOf({ type: "string", enum: WEBHOOK_EVENTS }),
  entities: nullable(arrayOf(STRING)),
  headers: { type: "object", additionalProperties: STRING },
  enabled: BOOLEAN,
  createdAt: INSTANT,
  updatedAt: INSTANT,
};

const attempt = objectOf(
  {
    at: INSTANT,
    durationMs: COUNT,
    statusCode: nullable({ type: "integer" }),
    response: nullable(STRING),
    error: nullable(STRING),
  },
  closed,
);

/** What was sent, with ids and every default filled in. */
const completed = (input: string, required: readonly string[]): JsonObject => ({
  allOf: [schemaRef(input), { type: "object", required }],
});

const change = objectOf(
  {
    kind: { type: "string", enum: SCHEMA_CHANGE_KINDS },
    entity: STRING,
    column: STRING,
    from: STRING,
    constraint: STRING,
    properties: arrayOf(STRING),
    risk: { type: "string", enum: RISKS },
    reason: STRING,
  },
  { optional: ["column", "from", "constraint", "properties", "reason"], closed: true },
);

/** `components.schemas` of everything that is answered. */
export const outputSchemas = {
  Organization: objectOf({ slug: STRING, name: STRING, createdAt: INSTANT, updatedAt: INSTANT }, closed),
  Workspace: objectOf(
    {
      slug: STRING,
      name: STRING,
      accessMode: { type: "string", enum: ACCESS_MODES },
      maxExpandDepth: nullable({ type: "integer" }),
      corsAllowedOrigins: nullable(arrayOf(STRING)),
      rateLimit: nullable({ type: "integer" }),
      mcpMode: { type: "string", enum: MCP_MODES },
      schemaVersion: COUNT,
      createdAt: INSTANT,
      updatedAt: INSTANT,
    },
    closed,
  ),
  Usage: objectOf(
    {
      records: { type: "object", additionalProperties: COUNT },
      bytes: nullable(COUNT),
      keys: COUNT,
      webhooks: COUNT,
      pendingDeliveries: COUNT,
    },
    closed,
  ),
  ApiKey: objectOf(apiKey, asKey),
  ApiKeyWithSecret: objectOf({ ...apiKey, key: STRING }, asKey),
  Synchronization: objectOf({ written: COUNT, removed: COUNT }, closed),
  Entity: completed("EntityInput", [
    "id",
    "name",
    "tableName",
    "idType",
    "columns",
    "constraints",
    "relationships",
    "settings",
  ]),
  Column: completed("ColumnInput", [
    "id",
    "name",
    "columnName",
    "type",
    "nullable",
    "unique",
    "indexed",
    "constraints",
  ]),
  Schema: objectOf({ version: COUNT, entities: arrayOf(schemaRef("Entity")) }, closed),
  SchemaChange: change,
  SchemaChanges: objectOf({ version: COUNT, changes: arrayOf(schemaRef("SchemaChange")) }, closed),
  AppliedSchemaChange: objectOf(
    { version: COUNT, appliedAt: INSTANT, changes: arrayOf(schemaRef("SchemaChange")) },
    closed,
  ),
  Webhook: objectOf(webhook, closed),
  WebhookWithSecret: objectOf({ ...webhook, secret: STRING }, closed),
  SentRecords: objectOf({ jobId: STRING, deliveryId: STRING, rowCount: COUNT }, closed),
  Delivery: objectOf(
    {
      id: STRING,
      messageId: STRING,
      type: STRING,
      entity: STRING,
      recordId: { type: ["string", "integer", "null"] },
      status: { type: "string", enum: DELIVERY_STATES },
      createdAt: INSTANT,
      nextAttemptAt: NULLABLE_INSTANT,
      attempts: arrayOf(attempt),
    },
    closed,
  ),
  Redelivery: objectOf({ deliveryId: STRING }, closed),
  AuditEntry: objectOf(
    {
      id: STRING,
      at: INSTANT,
      requestId: STRING,
      action: STRING,
      subject: STRING,
      before: nullable({ type: "object" }),
      after: nullable({ type: "object" }),
    },
    closed,
  ),
} as const satisfies Record<string, JsonObject>;

export type OutputName = keyof typeof outputSchemas;
