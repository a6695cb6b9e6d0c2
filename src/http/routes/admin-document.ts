import type { Hono } from "hono";
import { sha256Hex } from "../../lib/hashing.ts";
import { buildAdminDocument } from "../admin-document/build-admin-document.ts";
import type { AppEnv } from "../context.ts";
import { describedWith } from "../description.ts";
import { authenticateAdmin } from "../middleware/authenticate.ts";
import { onlyParameters } from "../query-parameters.ts";
import { mountResource } from "../resource.ts";

/** Made when first asked for: it is the same for as long as the isolate lives. */
let description: ReturnType<typeof makeDescription> | undefined;

async function makeDescription() {
  const text = JSON.stringify(buildAdminDocument());
  return { content: text, tag: (await sha256Hex(text)).slice(0, 16) };
}

export function mountAdminDocument(app: Hono<AppEnv>): void {
  mountResource(app, {
    path: "/admin/v1/openapi.json",
    guard: authenticateAdmin,
    handlers: {
      async GET(c) {
        onlyParameters(c, []);
        description ??= makeDescription();
        return describedWith(c, await description);
      },
    },
  });
}
