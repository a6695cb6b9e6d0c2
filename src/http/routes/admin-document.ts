import { sha256Hex } from "../../lib/hashing.ts";
import { buildAdminDocument } from "../admin-document/build-admin-document.ts";
import { authenticateAdmin } from "../authenticate.ts";
import { describedWith } from "../description.ts";
import { onlyParameters } from "../query-parameters.ts";
import type { Resource } from "../resource.ts";

/** Made when first asked for: it is the same for as long as the isolate lives. */
let description: ReturnType<typeof makeDescription> | undefined;

async function makeDescription() {
  const text = JSON.stringify(buildAdminDocument());
  return { content: text, tag: (await sha256Hex(text)).slice(0, 16) };
}

export const adminDocumentResources: readonly Resource[] = [
  {
    path: "/admin/v1/openapi.json",
    guard: authenticateAdmin,
    handlers: {
      async GET(c) {
        onlyParameters(c, []);
        description ??= makeDescription();
        return describedWith(c, await description);
      },
    },
  },
];
