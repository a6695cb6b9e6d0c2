/*
 * What is used of the MCP SDK. It is imported by the first who asks, so that it costs the start of no other isolate. Zod,
 * which it shares with us, must have the SDK's name for it everywhere, `zod/v4`: under another one esbuild would leave out
 * what starts it.
 */

export {
  createMcpHandler,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
