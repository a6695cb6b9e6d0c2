import type { Command } from "commander";
import { fetchAll, fetchData } from "../api/api-data.ts";
import { contextOf, deploymentAdmin } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";

interface Organization {
  readonly slug: string;
  readonly name: string;
  readonly createdAt: string;
}

/** `organizations list|create|update|delete`; docs/cli.md. */
export function addOrganizations(program: Command): void {
  const organizations = program
    .command("organizations")
    .description("the organizations of the deployment (needs the admin token)");
  addList(organizations);
  addCreate(organizations);
  addUpdate(organizations);
  addDelete(organizations);
}

function addList(organizations: Command): void {
  organizations
    .command("list")
    .description("list all organizations")
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = deploymentAdmin(context);
      const all = await fetchAll<Organization>(client, path);
      const rows = all.map(({ slug, name, createdAt }) => [slug, name, createdAt]);
      context.print({ value: all, text: formatTable(["SLUG", "NAME", "CREATED"], rows) });
    });
}

function addCreate(organizations: Command): void {
  organizations
    .command("create")
    .description("create an organization")
    .argument("<slug>", "as in addresses")
    .option("--name <name>", "what people call it; the slug when left out")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ name?: string }>(command);
      const { client, path } = deploymentAdmin(context);
      const body = JSON.stringify({ slug, name: context.options.name ?? slug });
      const created = await fetchData<Organization>(client, { method: "POST", path, body });
      context.print({ value: created, text: `Created ${created.slug} (${created.name}).` });
    });
}

function addUpdate(organizations: Command): void {
  organizations
    .command("update")
    .description("rename an organization; its slug stays")
    .argument("<slug>")
    .requiredOption("--name <name>", "what people call it")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ name: string }>(command);
      const { client, path } = deploymentAdmin(context);
      const updated = await fetchData<Organization>(client, {
        method: "PATCH",
        path: `${path}/${encodeURIComponent(slug)}`,
        body: JSON.stringify({ name: context.options.name }),
      });
      context.print({ value: updated, text: `Updated ${updated.slug} (${updated.name}).` });
    });
}

function addDelete(organizations: Command): void {
  organizations
    .command("delete")
    .description("delete an organization that has no workspaces")
    .argument("<slug>")
    .requiredOption("--confirm <slug>", "the slug once more")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ confirm: string }>(command);
      if (context.options.confirm !== slug) throw usageError(`--confirm must be ${slug}.`);
      const { client, path } = deploymentAdmin(context);
      await client.send({ method: "DELETE", path: `${path}/${encodeURIComponent(slug)}` });
      context.print({ value: { slug, deleted: true }, text: `Deleted ${slug}.` });
    });
}
