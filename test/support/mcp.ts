import { exports } from "cloudflare:workers";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { loadSdk } from "../../src/http/mcp/load-sdk.ts";
import { type Answer, ask, expectStatus } from "./api.ts";
import type { TestWorkspace } from "./workspace.ts";

/* Otherwise the first MCP request would load it. In Vitest, two requests that load a module at the same time hang. */
await loadSdk();

export interface McpOfWorkspace {
  readonly path: string;
  setMode(mcpMode: string): Promise<void>;
  /** An SDK client. `auto` speaks the revision of 2026, `legacy` that of 2025. */
  connect(token?: string, mode?: "auto" | "legacy"): Promise<Client>;
  /** One JSON-RPC request by hand, as a client of 2025 sends it. */
  post(message: unknown, asking?: McpAsking): Promise<Answer>;
}

interface McpAsking {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function mcpOf(w: TestWorkspace): McpOfWorkspace {
  const path = `/mcp/${w.organization}/${w.workspace}`;
  return {
    path,
    async setMode(mcpMode) {
      expectStatus(await w.admin("PATCH", "", { body: { mcpMode } }), 200);
    },
    async connect(token = w.key, mode = "auto") {
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(new URL(`https://edge.test${path}`), {
        fetch: (url, init) => exports.default.fetch(new Request(url, init)),
        requestInit: { headers: { Authorization: `Bearer ${token}` } },
      });
      await client.connect(transport);
      return client;
    },
    post: (body, { token = w.key, headers } = {}) =>
      ask("POST", path, {
        token,
        body,
        headers: { Accept: "application/json, text/event-stream", ...headers },
      }),
  };
}

/** A tool's result: whether it is an error, and its JSON. */
export async function call(client: Client, name: string, args: object = {}) {
  const { isError = false, content } = await client.callTool({ name, arguments: { ...args } });
  const [first] = content;
  return { isError, body: JSON.parse(first?.type === "text" ? first.text : "null") };
}

export const toolsOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

export const calling = (name: string, args: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

/** Tools are named, but the protocol is not followed. */
export const callsThatRunNothing: readonly [object, Record<string, string>?][] = [
  [{ jsonrpc: "2.0", method: "tools/call", params: { name: "list", arguments: { entity: "Customer" } } }],
  [{ id: 1, method: "tools/call", params: { name: "list", arguments: { entity: "Customer" } } }],
  [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "list", arguments: [] } }],
  [calling("describe", {}), { Accept: "text/html" }],
  [calling("describe", {}), { "Mcp-Protocol-Version": "1999-01-01" }],
];
