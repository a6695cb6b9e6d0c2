import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ADMIN_TOKEN, checkResponse, noteRequest } from "../support/check-response.ts";
import { makeWorkspace } from "../support/workspace.ts";

/* The suite's own check of every response must not fail because of a schema change that runs at the same time. */

async function read(path: string, token: string) {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await exports.default.fetch(`https://edge.test${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

it("compares a response with the document only if no schema change ran meanwhile", async () => {
  const w = await makeWorkspace({ name: "Item", columns: [{ name: "code", type: "INTEGER" }] });
  await w.api("POST", "/Item", { body: { code: 1 } });
  const path = `${w.apiPath}/Item/1`;
  const column = `/admin/v1${w.adminPath}/entities/Item/columns/code`;

  const change = noteRequest("PATCH", column, ADMIN_TOKEN);
  const sentDuring = noteRequest("GET", path, w.key);
  const before = await read(path, w.key);
  const changed = await exports.default.fetch(`https://edge.test${column}`, {
    method: "PATCH",
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ type: "VARCHAR", length: 20 }),
  });
  await checkResponse(sentDuring, before);
  const { status, headers } = changed;
  await checkResponse(change, { status, headers, text: await changed.text() });
  expect(status).toBe(200);

  const sentAfter = noteRequest("GET", path, w.key);
  await checkResponse(sentAfter, await read(path, w.key));
  await expect(checkResponse(sentAfter, before)).rejects.toThrow(`GET ${path} → 200`);
});
