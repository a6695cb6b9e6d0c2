import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The tests that run in Node: they start processes, read files or open a database themselves. */
const NODE_TESTS = [
  "test/architecture.test.ts",
  "test/{cli,docs,fault,serve}/**/*.test.ts",
  "test/unit/{bench,db,fence,query}/**/*.test.ts",
  "test/property/query/**/*.test.ts",
  "tools/**/*.test.ts",
];
const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * Runs files that change schemas first. SQLite reads the whole schema again for each `ALTER TABLE`, and the suite's one
 * database fills with the entities of all workspaces.
 */
class SchemaChangesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isFirst = ({ moduleId }: TestSpecification) =>
      /\/(?:schema-[^/]+|naughty-places\.test\.ts)$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

/** A folder of test/ says what a test is for; the project that lists it says which runtime it gets. */
export default defineConfig({
  test: {
    /* Logs of expected failures would hide the unexpected ones: only failing tests print theirs. */
    silent: "passed-only",
    /* Most tests wait for another process most of the time. */
    maxWorkers: 2,
    sequence: { sequencer: SchemaChangesFirst },
    projects: [
      {
        plugins: [
          /* The compatibility date and every binding are the deployment's own; only the values below differ. */
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              ratelimits: { RATE_LIMIT_UNKNOWN: { namespace_id: "1", simple: { limit: 40, period: 60 } } },
              bindings: {
                LIBSQL_URL: inject<string>("libsqlUrl"),
                LIBSQL_AUTH_TOKEN: inject<string>("libsqlToken"),
                LOG_REQUESTS: "false",
                ADMIN_TOKEN: "test-admin-token-of-32-characters",
                TOKEN_SECRET_KEY: "test-token-secret-key-of-the-tests",
                WEBHOOK_SECRET_KEY: "test-webhook-secret-key-of-the-tests",
                ALLOW_HTTP_WEBHOOKS: "true",
                ALLOW_PRIVATE_WEBHOOKS: "true",
                WEBHOOK_RECEIVER_URL: inject<string>("webhookReceiverUrl"),
                TEST_ISSUER_URL: inject<string>("issuerUrl"),
                ADMIN_ISSUER: `${inject<string>("issuerUrl")}/admins`,
                ADMIN_AUDIENCE: "audience-of-admins",
              },
            },
          })),
        ],
        test: {
          name: "workerd",
          include: ["test/{unit,api,property}/**/*.test.ts"],
          exclude: NODE_TESTS,
          globalSetup: [
            "test/setup/start-libsql.ts",
            "test/setup/start-webhook-receiver.ts",
            "test/setup/start-issuer.ts",
          ],
          ...TIMEOUTS,
        },
      },
      { test: { name: "node", include: NODE_TESTS, ...TIMEOUTS } },
    ],
  },
});
