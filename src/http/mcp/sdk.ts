/*
 * The used parts of the MCP SDK. They are imported on first use, so the start of other isolates does not pay for them.
 * Zod is shared with the SDK and must have the name `zod/v4` everywhere: under another name, esbuild would drop its
 * initialisation.
 */

export {
  createMcpHandler,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
