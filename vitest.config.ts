import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** The Worker in workerd against a libSQL server over HTTP; and, beside it, what runs in plain Node. */
export default defineConfig({
  test: {
    /* Most of them wait for another process most of the time. */
    maxWorkers: 2,
    projects: [
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            main: "./src/index.ts",
            miniflare: {
              compatibilityDate: "2026-10-01",
              kvNamespaces: ["API_KEYS"],
              ratelimits: {
                RATE_LIMIT_60: { namespace_id: "60", simple: { limit: 60, period: 60 } },
                RATE_LIMIT_300: { namespace_id: "300", simple: { limit: 300, period: 60 } },
                RATE_LIMIT_UNKNOWN: { namespace_id: "1", simple: { limit: 40, period: 60 } },
              },
              bindings: {
                LIBSQL_URL: inject<string>("libsqlUrl"),
                LOG_REQUESTS: "false",
                ADMIN_TOKEN: "test-admin-token",
                WEBHOOK_SECRET_KEY: "test-webhook-secret-key-of-the-tests",
                ALLOW_HTTP_WEBHOOKS: "true",
                ALLOW_PRIVATE_WEBHOOKS: "true",
                WEBHOOK_RECEIVER_URL: inject<string>("webhookReceiverUrl"),
              },
            },
          })),
        ],
        test: {
          name: "workerd",
          include: ["test/{unit,api,property}/**/*.test.ts"],
          globalSetup: ["test/setup/start-libsql.ts", "test/setup/start-webhook-receiver.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts", "test/architecture.test.ts", "tools/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
