import { sha256Hex } from "../../lib/hashing.ts";
import type { AppContext } from "../context.ts";
import { onlyParameters } from "../request/read-query.ts";
import { respondWithDocument } from "../response/respond-with-document.ts";
import type { Route } from "../route.ts";
import type { AdminOperation, AdminRoute } from "./admin-route.ts";
import { administrators } from "./administrators.ts";
import { apiKeys } from "./api-keys.ts";
import { audit } from "./audit.ts";
import { authorized } from "./authorize.ts";
import { buildAdminDocument } from "./document.ts";
import { entities } from "./entities.ts";
import { issuers } from "./issuers.ts";
import { organizations } from "./organizations.ts";
import { roles } from "./roles.ts";
import { schema } from "./schema.ts";
import { tokens } from "./tokens.ts";
import { webhooks } from "./webhooks.ts";
import { workspaces } from "./workspaces.ts";

/** All routes of the admin API, in the order of the document. A new file of routes is one more line. */
export const adminTable: readonly AdminRoute[] = [
  ...organizations,
  ...workspaces,
  ...apiKeys,
  ...tokens,
  ...issuers,
  ...roles,
  ...entities,
  ...schema,
  ...webhooks,
  ...audit,
  ...administrators,
];

/** The admin API, below `/admin/v1`. */
export const adminRoutes: readonly Route[] = [
  ...adminTable.map(toRoute),
  { path: "/openapi.json", handlers: { GET: describeAdminApi } },
];

function toRoute({ path, tag: _, ...methods }: AdminRoute): Route {
  const operations: readonly [string, AdminOperation][] = Object.entries(methods);
  return {
    path,
    handlers: Object.fromEntries(operations.map(([method, operation]) => [method, authorized(operation)])),
  };
}

/** Built on first use, then kept for the life of the isolate. */
let description: ReturnType<typeof makeDescription> | undefined;

async function makeDescription() {
  const content = JSON.stringify(buildAdminDocument(adminTable));
  return { content, tag: (await sha256Hex(content)).slice(0, 16) };
}

async function describeAdminApi(c: AppContext): Promise<Response> {
  onlyParameters(c, []);
  description ??= makeDescription();
  return respondWithDocument(c, await description);
}
