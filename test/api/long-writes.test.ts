import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { openServices } from "../../src/http/context.ts";
import type { WorkspaceContext } from "../../src/services/context.ts";
import { deleteEntity } from "../../src/services/entities/delete-entity.ts";
import { deleteWebhook } from "../../src/services/webhooks/delete-webhook.ts";
import { deleteWorkspace } from "../../src/services/workspaces/delete-workspace.ts";
import { customer } from "../support/entities.ts";
import { listen } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** An admin of the workspace, and the time limit of each of their writes. */
function adminOf({ organization, workspace }: TestWorkspace) {
  const timeouts: (number | undefined)[] = [];
  const services = openServices(env, "test");
  const { database } = services;
  const ctx: WorkspaceContext = {
    ...services,
    database: {
      ...database,
      write(statements, timeoutMs) {
        timeouts.push(timeoutMs);
        return database.write(statements, timeoutMs);
      },
    },
    actor: { kind: "ADMIN" },
    address: { organization, workspace },
  };
  return { ctx, timeouts };
}

it.each([
  ["an entity", (ctx: WorkspaceContext) => deleteEntity(ctx, { entity: "Customer", confirm: "Customer" })],
  ["a webhook", (ctx: WorkspaceContext, webhookId: string) => deleteWebhook(ctx, webhookId)],
  ["a workspace", (ctx: WorkspaceContext) => deleteWorkspace(ctx, ctx.address.workspace)],
])("the end of %s may take two minutes, because of all that goes along", async (_, remove) => {
  const w = await makeWorkspace(customer);
  const { id } = await listen(w, { url: "https://example.com/hook" });
  const { ctx, timeouts } = adminOf(w);
  await remove(ctx, id);
  expect(new Set(timeouts)).toEqual(new Set([120_000]));
});
