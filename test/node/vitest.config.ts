import { defineConfig } from "vitest/config";

/** Tests of the tools, in Node: they start processes, so one file at a time. */
export default defineConfig({
  test: {
    name: "node",
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
