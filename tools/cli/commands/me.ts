import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { adminApi, contextOf, workspaceApi } from "../command-context.ts";
import { type AsOption, asOption } from "./tokens.ts";

/** `me`; docs/cli.md. */
export function addMe(program: Command): void {
  program
    .command("me")
    .description("show what the admin token, or with --as key the key, may do")
    .addOption(asOption())
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf<AsOption>(command);
      const { client, path } = context.options.as === "key" ? workspaceApi(context) : adminApi(context);
      const value = await fetchData(client, { method: "GET", path: `${path}/me` });
      context.print({ value, text: JSON.stringify(value, null, 2) });
    });
}
