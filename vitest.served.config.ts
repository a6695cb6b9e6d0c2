import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** `npm run test:served`: the suite of the API once more, over HTTP against `npm run serve`. */
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      "cloudflare:workers": path("./test/setup/served-workers.ts"),
      "cloudflare:test": path("./test/setup/served-cloudflare-test.ts"),
    },
  },
  test: {
    name: "served",
    include: ["test/api/**/*.test.ts"],
    globalSetup: [
      "test/setup/start-issuer.ts",
      "test/setup/start-webhook-receiver.ts",
      /* Its settings name the issuer. */
      "test/setup/start-served.ts",
    ],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
