import type { Command } from "commander";
import { fetchPage } from "../api/api-data.ts";
import { adminApi, contextOf, workspaceAdmin } from "../command-context.ts";
import { formatTable } from "../format-table.ts";
import { parseCount } from "./option-values.ts";

interface AuditEntry {
  readonly at: string;
  readonly action: string;
  readonly subject: string;
  readonly requestId: string;
  readonly actor: { readonly kind: string; readonly name: string };
}

interface AuditOptions {
  readonly action?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly size: number;
  readonly outsideWorkspaces?: boolean;
}

/** `audit`; docs/cli.md. */
export function addAudit(program: Command): void {
  program
    .command("audit")
    .description(
      "list admin changes, newest first: of the workspace, or outside of workspaces (needs the admin token)",
    )
    .option("--action <action>", "such as api-key.revoked")
    .option("--subject <subject>", "such as the id of a key")
    .option("--from <time>", "at or after, ISO 8601")
    .option("--to <time>", "at or before, ISO 8601")
    .option("--size <n>", "how many, up to 1000", parseCount, 50)
    .option("--outside-workspaces", "changes that belong to no workspace, or to a deleted one")
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf<AuditOptions>(command);
      const { action, subject, from, to, size, outsideWorkspaces } = context.options;
      const { client, path } = outsideWorkspaces ? adminApi(context) : workspaceAdmin(context);
      const query = { action, subject, from, to, size: String(size) };
      const entries = await fetchPage<AuditEntry>(client, `${path}/audit`, query);
      const rows = entries.map(({ at, action: done, subject: thing, actor, requestId }) => [
        at,
        done,
        thing,
        actor.name,
        requestId,
      ]);
      const titles = ["AT", "ACTION", "SUBJECT", "ACTOR", "REQUEST"];
      context.print({ value: entries, text: formatTable(titles, rows) });
    });
}
