import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf, deploymentAdmin } from "../command-context.ts";
import { addList, itemAddress, type Resource } from "./resource.ts";
import { addCreation, addDeletion, SLUG } from "./slugs.ts";

interface Organization {
  readonly slug: string;
  readonly name: string;
  readonly createdAt: string;
}

const ORGANIZATIONS: Resource<Organization> = {
  plural: "organizations",
  argument: SLUG,
  titles: ["SLUG", "NAME", "CREATED"],
  addressOf: deploymentAdmin,
  rowOf: ({ slug, name, createdAt }) => [slug, name, createdAt],
};

const describe = ({ slug, name }: Organization) => `${slug} (${name}).`;

/** `organizations list|create|update|delete`; docs/cli.md. */
export function addOrganizations(program: Command): void {
  const organizations = program
    .command("organizations")
    .description("the organizations of the deployment (needs the admin token)");
  addList(organizations, ORGANIZATIONS);
  addCreation(organizations, ORGANIZATIONS, { description: "create an organization", describe });
  addUpdate(organizations);
  addDeletion(organizations, ORGANIZATIONS, {
    description: "delete an organization that has no workspaces",
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
      const { client, path } = itemAddress(ORGANIZATIONS, context, slug);
      const body = JSON.stringify({ name: context.options.name });
      const updated = await fetchData<Organization>(client, { method: "PATCH", path, body });
      context.print({ value: updated, text: `Updated ${describe(updated)}` });
    });
}
