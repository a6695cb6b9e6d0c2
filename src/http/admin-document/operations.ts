import { type AdminPath, ORGANIZATION, WORKSPACE } from "./admin-operation.ts";
import { webhooks } from "./webhook-operations.ts";

const organizations: Record<string, AdminPath> = {
  "/organizations": {
    tag: "Organizations",
    operations: {
      get: { id: "listOrganizations", summary: "List organizations", answer: "Organization", isPage: true },
      post: {
        id: "createOrganization",
        summary: "Create an organization",
        body: "OrganizationInput",
        answer: "Organization",
        isCreated: true,
      },
    },
  },
  [ORGANIZATION]: {
    tag: "Organizations",
    operations: {
      get: { id: "getOrganization", summary: "Get an organization", answer: "Organization" },
      patch: {
        id: "updateOrganization",
        summary: "Change an organization",
        body: "OrganizationPatch",
        answer: "Organization",
      },
      delete: { id: "deleteOrganization", summary: "Delete an organization without workspaces" },
    },
  },
};

const workspaces: Record<string, AdminPath> = {
  [`${ORGANIZATION}/workspaces`]: {
    tag: "Workspaces",
    operations: {
      get: { id: "listWorkspaces", summary: "List workspaces", answer: "Workspace", isPage: true },
      post: {
        id: "createWorkspace",
        summary: "Create a workspace",
        body: "WorkspaceInput",
        answer: "Workspace",
        isCreated: true,
      },
    },
  },
  [WORKSPACE]: {
    tag: "Workspaces",
    operations: {
      get: { id: "getWorkspace", summary: "Get a workspace", answer: "Workspace" },
      patch: {
        id: "updateWorkspace",
        summary: "Change a workspace; the next request everywhere obeys",
        body: "WorkspacePatch",
        answer: "Workspace",
      },
      delete: {
        id: "deleteWorkspace",
        summary: "Drop a workspace with all of its data and keys",
        parameters: ["confirm"],
      },
    },
  },
};

const usage: Record<string, AdminPath> = {
  [`${WORKSPACE}/usage`]: {
    tag: "Workspaces",
    operations: { get: { id: "getUsage", summary: "What a workspace holds", answer: "Usage" } },
  },
};

const apiKeys: Record<string, AdminPath> = {
  [`${WORKSPACE}/api-keys`]: {
    tag: "API keys",
    operations: {
      get: { id: "listApiKeys", summary: "List API keys", answer: "ApiKey", isPage: true },
      post: {
        id: "createApiKey",
        summary: "Create an API key, which is shown once",
        body: "ApiKeyInput",
        answer: "ApiKeyWithSecret",
        isCreated: true,
      },
    },
  },
  [`${WORKSPACE}/api-keys/sync`]: {
    tag: "API keys",
    operations: {
      post: { id: "syncApiKeys", summary: "Rewrite KV from the database", answer: "Synchronization" },
    },
  },
  [`${WORKSPACE}/api-keys/{id}`]: {
    tag: "API keys",
    operations: {
      get: { id: "getApiKey", summary: "Get an API key", answer: "ApiKey" },
      patch: { id: "updateApiKey", summary: "Change an API key", body: "ApiKeyPatch", answer: "ApiKey" },
      delete: { id: "revokeApiKey", summary: "Revoke an API key" },
    },
  },
  [`${WORKSPACE}/api-keys/{id}/rotate`]: {
    tag: "API keys",
    operations: {
      post: {
        id: "rotateApiKey",
        summary: "A new secret for an API key; the old one ends with the grace period",
        body: "ApiKeyRotation",
        isBodyOptional: true,
        answer: "ApiKeyWithSecret",
      },
    },
  },
};

const entities: Record<string, AdminPath> = {
  [`${WORKSPACE}/entities`]: {
    tag: "Entities",
    operations: {
      get: { id: "listEntities", summary: "List entities", answer: "Entity", isPage: true },
      post: {
        id: "createEntity",
        summary: "Define an entity",
        body: "EntityInput",
        answer: "Entity",
        isCreated: true,
      },
    },
  },
  [`${WORKSPACE}/entities/{entity}`]: {
    tag: "Entities",
    operations: {
      get: { id: "getEntity", summary: "Get an entity's definition", answer: "Entity" },
      patch: { id: "updateEntity", summary: "Change an entity", body: "EntityPatch", answer: "Entity" },
      delete: {
        id: "deleteEntity",
        summary: "Drop an entity with all of its records",
        parameters: ["confirm"],
      },
    },
  },
  [`${WORKSPACE}/entities/{entity}/columns`]: {
    tag: "Entities",
    operations: {
      post: {
        id: "addColumn",
        summary: "Add a column",
        body: "ColumnInput",
        answer: "Column",
        isCreated: true,
      },
    },
  },
  [`${WORKSPACE}/entities/{entity}/columns/{column}`]: {
    tag: "Entities",
    operations: {
      patch: { id: "updateColumn", summary: "Change a column", body: "ColumnPatch", answer: "Column" },
      delete: { id: "deleteColumn", summary: "Drop a column with its data", parameters: ["confirm"] },
    },
  },
};

const schema: Record<string, AdminPath> = {
  [`${WORKSPACE}/schema`]: {
    tag: "Schema",
    operations: {
      get: { id: "getSchema", summary: "The schema as one document", answer: "Schema", isTagged: true },
      put: {
        id: "putSchema",
        summary: "Make the schema what the document says, all of it or nothing",
        body: "SchemaInput",
        answer: "SchemaChanges",
        isTagged: true,
        parameters: ["dryRun", "allow", "If-Match"],
        errors: [412],
      },
    },
  },
  [`${WORKSPACE}/schema/changes`]: {
    tag: "Schema",
    operations: {
      get: {
        id: "listSchemaChanges",
        summary: "Changes that were applied, newest first",
        answer: "AppliedSchemaChange",
        isPage: true,
      },
    },
  },
};

const audit: Record<string, AdminPath> = {
  [`${WORKSPACE}/audit`]: {
    tag: "Audit",
    operations: {
      get: {
        id: "listAudit",
        summary: "Admin changes, newest first",
        answer: "AuditEntry",
        isPage: true,
        parameters: ["action", "subject", "from", "to"],
      },
    },
  },
};

/** Every path of the admin API below `/admin/v1`, but that of its document. */
export const adminPaths: Readonly<Record<string, AdminPath>> = {
  ...organizations,
  ...workspaces,
  ...usage,
  ...apiKeys,
  ...entities,
  ...schema,
  ...webhooks,
  ...audit,
};
