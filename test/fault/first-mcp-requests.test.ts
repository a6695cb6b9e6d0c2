import { afterAll, beforeAll, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { type InWorkerd, serveInWorkerd } from "../support/processes/serve-in-workerd.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";
import { startTestDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/* The first MCP request of an isolate loads the MCP SDK, and in workerd no request may wait for the I/O of another. */

const REQUESTS = 12;

let database: TestDatabase;
let served: InWorkerd;
let w: ServedWorkspace;
beforeAll(async () => {
  database = await startTestDatabase();
  served = await serveInWorkerd({ LIBSQL_URL: database.url });
  w = await makeServedWorkspace(served.baseUrl, { name: "Note", columns: [{ name: "text", type: "TEXT" }] });
  await createApiClient(served.baseUrl, ADMIN_TOKEN).require("PATCH", w.adminPath, { mcpMode: "FULL" });
});
afterAll(async () => {
  await served.stop();
  await database.stop();
});

async function describeEntities() {
  const response = await fetch(`${served.baseUrl}/mcp/${w.organization}/${w.workspace}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${w.key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "describe", arguments: {} },
    }),
  });
  return { status: response.status, text: await response.text() };
}

it("an isolate responds to its first MCP requests when they come at the same time", async () => {
  const answers = await Promise.all(Array.from({ length: REQUESTS }, describeEntities));
  for (const { status, text } of answers) {
    expect(status, text).toBe(200);
    expect(text).toContain("Note");
  }
});
