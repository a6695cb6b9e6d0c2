import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { contextOf, pathOf, workspaceApi } from "../command-context.ts";

/** `types [file]`: TypeScript types of the workspace's API, for openapi-fetch; docs/openapi.md. */
export function addTypes(program: Command): void {
  program
    .command("types")
    .description("write TypeScript types of the workspace's API, for openapi-fetch (needs a key)")
    .argument("[file]", "such as workspace.d.ts; standard output when left out")
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = workspaceApi(context);
      const { text: document } = await client.send({ method: "GET", path: `${path}/openapi.json` });
      /* Loaded when it is needed: it brings a TypeScript compiler. */
      const { generateTypes } = await import("../../typegen/generate-types.ts");
      const types = await generateTypes(document);
      if (file === undefined) return context.print({ value: { types }, text: types.trimEnd() });
      writeFileSync(pathOf(file), types);
      context.print({ value: { file: pathOf(file) }, text: `Types written to ${pathOf(file)}` });
    });
}
