import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { itemAddress, type Resource } from "./resource.ts";

/* Organizations and workspaces have a slug, which is in addresses, and a name. */

export const SLUG = { name: "slug", help: "as in addresses" };

/** Adds `create`, which takes a slug and a name. */
export function addCreation<Item>(
  parent: Command,
  resource: Resource<Item>,
  { description, describe }: { readonly description: string; describe(item: Item): string },
): void {
  parent
    .command("create")
    .description(description)
    .argument("<slug>", SLUG.help)
    .option("--name <name>", "what people call it; the slug when left out")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ name?: string }>(command);
      const { client, path } = itemAddress(resource, context);
      const body = JSON.stringify({ slug, name: context.options.name ?? slug });
      const created = await fetchData<Item>(client, { method: "POST", path, body });
      context.print({ value: created, text: `Created ${describe(created)}` });
    });
}

interface Deletion {
  readonly description: string;
  /** What else is deleted, such as ` with all of its records`. */
  readonly extent?: string;
  /** Whether the API requires the slug once more, too. */
  readonly isConfirmed?: boolean;
}

/** Adds `delete`, which needs the slug once more. */
export function addDeletion<Item>(
  parent: Command,
  resource: Resource<Item>,
  { description, extent = "", isConfirmed = false }: Deletion,
): void {
  parent
    .command("delete")
    .description(description)
    .argument("<slug>")
    .requiredOption("--confirm <slug>", "the slug once more")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ confirm: string }>(command);
      if (context.options.confirm !== slug) throw usageError(`--confirm must be ${slug}.`);
      const { client, path } = itemAddress(resource, context, slug);
      const query = isConfirmed ? `?confirm=${encodeURIComponent(slug)}` : "";
      await client.send({ method: "DELETE", path: path + query });
      context.print({ value: { slug, deleted: true }, text: `Deleted ${slug}${extent}.` });
    });
}
