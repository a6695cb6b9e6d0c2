import type { Server, Tool as ToolDefinition } from "@modelcontextprotocol/server";
import * as z from "zod/v4";
import type { AppError } from "../../errors/app-error.ts";
import { statusOfCode } from "../../errors/codes.ts";
import { errorBody } from "../../errors/envelope.ts";
import { toAppError } from "../../errors/to-app-error.ts";
import type { Operation } from "../../model/access.ts";
import type { WorkspaceContext } from "../../services/context.ts";
import { openMcp } from "../../services/mcp/open-mcp.ts";
import { loadSdk, type Sdk } from "./load-sdk.ts";
import { type ToolName, toolSchemas } from "./tool-schemas.ts";
import { type Tool, tools } from "./tools.ts";

const INSTRUCTIONS =
  "Records of one workspace. Call describe first: names of entities, fields and relationships are case-sensitive. " +
  'An error has a code and a message that says what to mend; VALIDATION_ERROR lists every field in "details".';

export interface McpExchange {
  /** Without its body, which was read already. */
  readonly request: Request;
  /** The body: one JSON-RPC message. */
  readonly message: object;
  /** Checks whether the caller has any use for MCP; undefined if the called tool finds that out. */
  readonly allowed: ReadonlySet<Operation> | undefined;
  readonly ctx: WorkspaceContext;
  /** Called after a tool has written records of an entity. */
  onWritten(entity: string): void;
}

/**
 * Handles one message of the Model Context Protocol (https://modelcontextprotocol.io/specification), revision
 * 2026-07-28 or 2025, without a session. A tool's error becomes a result that the model can read. Errors about the
 * caller (401, 429, MCP disabled) are thrown, because they are not about the call.
 */
export async function serveMcp(exchange: McpExchange): Promise<Response> {
  const { request, message, ctx } = exchange;
  let shutOut: AppError | undefined;
  let isFenced = exchange.allowed !== undefined;
  const sdk = await loadSdk();
  const server = makeServer(sdk, exchange, {
    calling: () => {
      isFenced = true;
    },
    shutOut: (failure) => {
      shutOut = failure;
    },
  });
  const response = (await sdk.isLegacyRequest(request, message))
    ? await (await openTransport(sdk, server)).handleRequest(request, { parsedBody: message })
    : await handleModern(sdk, server, { request, message });
  if (shutOut) throw shutOut;
  if (!isFenced) await openMcp(ctx, () => undefined);
  return response;
}

/** Removes subscriptions, which the SDK's handler offers although the server has none. */
async function handleModern(
  sdk: Sdk,
  server: Server,
  { request, message }: Pick<McpExchange, "request" | "message">,
): Promise<Response> {
  if ("method" in message && message.method === "subscriptions/listen") {
    const error = { code: sdk.ProtocolErrorCode.MethodNotFound, message: "Method not found" };
    const id = "id" in message ? message.id : null;
    return Response.json({ jsonrpc: "2.0", id, error }, { status: 404 });
  }
  return sdk.createMcpHandler(() => server, { legacy: "reject" }).fetch(request, { parsedBody: message });
}

async function openTransport(sdk: Sdk, server: Server) {
  const transport = new sdk.WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  return transport;
}

interface Events {
  /** A tool is about to run, and asks the database whether it may. */
  calling(): void;
  shutOut(failure: AppError): void;
}

function makeServer(sdk: Sdk, exchange: McpExchange, { calling, shutOut }: Events): Server {
  const server = new sdk.Server(
    { name: "schemastack-edge", version: "1" },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler("tools/list", () => ({
    tools: Object.entries(tools)
      .filter(([, { usefulFor }]) => usefulFor.some((operation) => exchange.allowed?.has(operation)))
      .map(([name, tool]) => describeTool(name as ToolName, tool)),
  }));
  server.setRequestHandler("tools/call", async ({ params }) => {
    const tool = findTool(params.name);
    if (!tool) throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, "Unknown tool");
    calling();
    try {
      return await callTool(exchange, tool, params.arguments);
    } catch (thrown) {
      const failure = toAppError(thrown);
      if (await isAboutConnection(exchange.ctx, failure)) shutOut(failure);
      return { isError: true, content: textContent({ error: errorBody(failure) }) };
    }
  });
  return server;
}

function describeTool(name: ToolName, { description, operation }: Tool): ToolDefinition {
  const {
    $schema: _,
    "~standard": _standard,
    ...inputSchema
  } = z.toJSONSchema(toolSchemas[name], { io: "input", unrepresentable: "any" });
  return {
    name,
    description,
    inputSchema: inputSchema as object as ToolDefinition["inputSchema"],
    annotations: {
      readOnlyHint: operation === "read",
      destructiveHint: operation === "update" || operation === "delete",
      idempotentHint: operation !== "create" && operation !== "update",
      openWorldHint: false,
    },
  };
}

async function callTool(
  { ctx, onWritten }: McpExchange,
  tool: Tool,
  sent: Readonly<Record<string, unknown>> | undefined,
) {
  const answer = await tool.run(ctx, sent);
  if (tool.operation !== "read") onWritten(String(sent?.entity));
  return { content: textContent(answer) };
}

export const findTool = (name: unknown): Tool | undefined =>
  typeof name === "string" && Object.hasOwn(tools, name) ? tools[name as ToolName] : undefined;

/** Errors that must be the HTTP response, because the client may not enter, or not now. */
async function isAboutConnection(ctx: WorkspaceContext, { code }: AppError): Promise<boolean> {
  if (code === "UNAUTHORIZED" || code === "RATE_LIMITED" || statusOfCode[code] >= 500) return true;
  if (code !== "FORBIDDEN") return false;
  try {
    await openMcp(ctx, () => undefined);
    return false;
  } catch {
    return true;
  }
}

const textContent = (value: unknown) => [{ type: "text" as const, text: JSON.stringify(value) }];
