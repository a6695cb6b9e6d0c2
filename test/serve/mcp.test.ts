import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

let served: Served;
let w: ServedWorkspace;
beforeAll(async () => {
  served = await serveWorker();
  w = await makeServedWorkspace(served.baseUrl, { name: "Note", columns: [{ name: "text", type: "TEXT" }] });
});
afterAll(() => served.stop());

it.each(["auto", "legacy"] as const)(
  "the bundle that is served answers a client of the SDK (%s)",
  async (mode) => {
    const admin = createApiClient(served.baseUrl, ADMIN_TOKEN);
    await admin.require("PATCH", w.adminPath, { mcpMode: "FULL" });
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    const url = new URL(`${served.baseUrl}/mcp/${w.organization}/${w.workspace}`);
    const requestInit = { headers: { Authorization: `Bearer ${w.key}` } };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    const created = await client.callTool({
      name: "create",
      arguments: { entity: "Note", record: { text: mode } },
    });
    expect(created.isError ?? false).toBe(false);
    const { content } = await client.callTool({
      name: "list",
      arguments: { entity: "Note", filter: { text: mode } },
    });
    expect(JSON.stringify(content)).toContain(String.raw`\"totalElements\":1`);
    await client.close();
  },
);
