import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HEAP_FLAGS, MALLOC_SETTINGS } from "../../tools/runtime/memory-settings.ts";

it.each(["package.json", "deploy/Dockerfile", "deploy/schemastack-edge.service"])(
  "%s starts the server with the memory settings that tests and benches measure",
  (file) => {
    const text = readFileSync(file, "utf8");
    const variables = Object.entries(MALLOC_SETTINGS).map((entry) => entry.join("="));
    for (const setting of [...HEAP_FLAGS, ...variables]) expect(text).toContain(setting);
  },
);
