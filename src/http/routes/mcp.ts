import { AppError } from "../../errors/app-error.ts";
import { badRequest } from "../../errors/failures.ts";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import { openMcp } from "../../services/mcp/open-mcp.ts";
import { authenticateApiKey } from "../authenticate.ts";
import { type AppContext, workspaceContext } from "../context.ts";
import { deliverAfter } from "../deliver-after.ts";
import { findTool, serveMcp } from "../mcp/serve-mcp.ts";
import { onlyParameters } from "../query-parameters.ts";
import { type Body, readJson } from "../read-body.ts";
import type { Resource } from "../resource.ts";
import { respond } from "../respond.ts";

/** The same keys and the same code path as the Workspace API, for models: docs/mcp.md. */
export const mcpResources: readonly Resource[] = [
  {
    path: "/mcp/:organization/:workspace",
    guard: authenticateApiKey,
    handlers: { POST: answer },
  },
];

/** One round trip to the database: that of the tool, else one that asks whether the caller may enter at all. */
async function answer(c: AppContext): Promise<Response> {
  const body = await messageOf(c);
  const ctx = { ...workspaceContext(c), isMcp: true };
  const isCall = !(body instanceof AppError) && findTool(nameOfCalled(body)) !== undefined;
  const allowed = isCall ? undefined : await openMcp(ctx, () => required(body));
  const response = await serveMcp({
    request: new Request(c.req.url, { method: c.req.method, headers: c.req.raw.headers }),
    message: required(body),
    allowed,
    ctx,
    onWritten: (entity) => deliverAfter(c, entity),
  });
  return respond(c, response.body, {
    status: response.status,
    headers: Object.fromEntries(response.headers),
  });
}

/** The message, or why there is none. */
async function messageOf(c: AppContext): Promise<JsonObject | AppError> {
  const json: Body<unknown> = await readJson(c);
  try {
    onlyParameters(c, []);
    const value = json();
    return isJsonObject(value) ? value : badRequest("Request body must be one JSON-RPC message");
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

function required(body: JsonObject | AppError): JsonObject {
  if (body instanceof AppError) throw body;
  return body;
}

const nameOfCalled = ({ method, params }: JsonObject) =>
  method === "tools/call" && isJsonObject(params) ? params.name : undefined;
