import type { Command } from "commander";
import { fetchAll, fetchData } from "../api/api-data.ts";
import { type Addressed, type CommandContext, contextOf } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";

/** A list of the API whose items have addresses of their own. */
export interface Resource<Item> {
  /** What people call the items, such as `webhooks`. */
  readonly plural: string;
  /** What names an item on the command line. */
  readonly argument: { readonly name: string; readonly help: string };
  readonly titles: readonly string[];
  addressOf(context: CommandContext<unknown>): Addressed;
  rowOf(item: Item): readonly (string | null)[];
}

/** The address of an item, or of something below it. */
export function itemAddress<Item>(
  resource: Resource<Item>,
  context: CommandContext<unknown>,
  ...segments: readonly string[]
): Addressed {
  const { client, path } = resource.addressOf(context);
  return { client, path: [path, ...segments.map(encodeURIComponent)].join("/") };
}

/** Adds `list`. */
export function addList<Item>(parent: Command, resource: Resource<Item>): void {
  parent
    .command("list")
    .description(`list all ${resource.plural}`)
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = resource.addressOf(context);
      const all = await fetchAll<Item>(client, path);
      context.print({ value: all, text: formatTable(resource.titles, all.map(resource.rowOf)) });
    });
}

/** Adds `show`, which prints JSON that people can read. */
export function addShow<Item>(parent: Command, resource: Resource<Item>): void {
  const { name, help } = resource.argument;
  parent
    .command("show")
    .description(`show one of the ${resource.plural} with all its properties`)
    .argument(`<${name}>`, help)
    .action(async (item: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = itemAddress(resource, context, item);
      const value = await fetchData(client, { method: "GET", path });
      context.print({ value, text: JSON.stringify(value, null, 2) });
    });
}

/** Adds a command that sends DELETE, such as `revoke`, whose result is `revoked`. */
export function addRemoval<Item>(
  parent: Command,
  resource: Resource<Item>,
  { verb, done, description }: { readonly verb: string; readonly done: string; readonly description: string },
): void {
  const { name, help } = resource.argument;
  parent
    .command(verb)
    .description(description)
    .argument(`<${name}>`, help)
    .action(async (item: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = itemAddress(resource, context, item);
      await client.send({ method: "DELETE", path });
      const text = `${done.charAt(0).toUpperCase()}${done.slice(1)} ${item}.`;
      context.print({ value: { [name]: item, [done]: true }, text });
    });
}

/** Drops undefined values, which would hide defaults. */
export const withoutAbsent = (body: object) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));

/** The body of an update. Throws OperatorError when it would change nothing. */
export function changeOf(body: object): string {
  const change = withoutAbsent(body);
  if (Object.keys(change).length === 0) throw usageError("Nothing to change: give at least one option.");
  return JSON.stringify(change);
}

export interface Warned {
  readonly warnings?: readonly { readonly field: string; readonly message: string }[];
}

/** A text with the warnings that the API has about the saved rules. */
export const withWarnings = (text: string, { warnings = [] }: Warned): string =>
  [text, ...warnings.map(({ field, message }) => `Warning: ${field}: ${message}`)].join("\n");
