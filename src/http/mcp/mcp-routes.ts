import { badRequest } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { openMcp } from "../../services/mcp/open-mcp.ts";
import { type AppContext, workspaceContext } from "../context.ts";
import { type Body, readJson } from "../request/read-body.ts";
import { onlyParameters } from "../request/read-query.ts";
import { deliverAfter } from "../response/deliver-after.ts";
import { respond } from "../response/respond.ts";
import type { Route } from "../route.ts";
import { findTool, serveMcp } from "./serve-mcp.ts";

/** MCP for language models, with the keys and services of the workspace API: docs/mcp.md. */
export const mcpRoutes: readonly Route[] = [{ path: "", handlers: { POST: handleMessage } }];

/** One database round trip: the tool's own, or one that checks whether the caller may enter. */
async function handleMessage(c: AppContext): Promise<Response> {
  const body = await messageOf(c);
  const ctx = { ...workspaceContext(c), mcp: { origin: c.req.header("Origin") } };
  const isCall = !(body instanceof AppError) && findTool(nameOfCalled(body)) !== undefined;
  const allowed = isCall ? undefined : await openMcp(ctx, () => required(body));
  const response = await serveMcp({
    request: new Request(c.req.url, { method: c.req.method, headers: headersOf(c) }),
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

/** Any usual `Accept` is read as the protocol requires, because each response is JSON. */
function headersOf(c: AppContext): Headers {
  const headers = new Headers(c.req.raw.headers);
  const accepted = headers.get("Accept") ?? "*/*";
  if (/(?:^|[,\s])(?:\*\/\*|application\/(?:\*|json)|text\/(?:\*|event-stream))(?:$|[;,\s])/i.test(accepted))
    headers.set("Accept", "application/json, text/event-stream");
  return headers;
}

/** The message, or why there is none. */
async function messageOf(c: AppContext): Promise<JsonObject | AppError> {
  const json: Body<unknown> = await readJson(c);
  try {
    onlyParameters(c, []);
    const value = json();
    if (!isJsonObject(value)) return badRequest("Request body must be one JSON-RPC message");
    return hasManyProperties(value) ? badRequest(TOO_MANY_PROPERTIES) : value;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

/** The SDK checks a message several times, at many times the cost of parsing it. */
const MAX_PROPERTIES = 1_000;
const TOO_MANY_PROPERTIES = `A message has at most ${MAX_PROPERTIES} properties, not counting those in the values of arguments`;

/** The tools bound the values of their arguments themselves. */
function hasManyProperties(message: JsonObject): boolean {
  const { params } = message;
  const sent = isJsonObject(params) ? params.arguments : undefined;
  const unread: JsonValue[] = [message];
  let count = 0;
  for (let value = unread.pop(); value !== undefined; value = unread.pop()) {
    if (typeof value !== "object" || value === null) continue;
    const parts = Object.values(value);
    count += parts.length;
    if (count > MAX_PROPERTIES) return true;
    if (value !== sent) unread.push(...parts);
  }
  return false;
}

function required(body: JsonObject | AppError): JsonObject {
  if (body instanceof AppError) throw body;
  return body;
}

const nameOfCalled = ({ method, params }: JsonObject) =>
  method === "tools/call" && isJsonObject(params) ? params.name : undefined;
