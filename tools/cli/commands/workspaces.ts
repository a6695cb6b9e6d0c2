import { type Command, Option } from "commander";
import { ACCESS_MODES } from "../../../src/model/access-mode.ts";
import { fetchAll, fetchData } from "../api/api-data.ts";
import { contextOf, organizationAdmin } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";
import { collect, parseNumber } from "./option-values.ts";

interface Workspace {
  readonly slug: string;
  readonly name: string;
  readonly accessMode: string;
  readonly schemaVersion: number;
  readonly createdAt: string;
}

/** `workspaces list|create|update|delete`; docs/cli.md. */
export function addWorkspaces(program: Command): void {
  const workspaces = program
    .command("workspaces")
    .description("the workspaces of the organization (needs the admin token)");
  addList(workspaces);
  addCreate(workspaces);
  addUpdate(workspaces);
  addDelete(workspaces);
}

const describe = ({ slug, name, accessMode, schemaVersion }: Workspace) =>
  `${slug} (${name}): ${accessMode}, schema version ${schemaVersion}`;

function addList(workspaces: Command): void {
  workspaces
    .command("list")
    .description("list all workspaces")
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = organizationAdmin(context);
      const all = await fetchAll<Workspace>(client, path);
      const titles = ["SLUG", "NAME", "ACCESS MODE", "SCHEMA", "CREATED"];
      const rows = all.map((found) => [
        found.slug,
        found.name,
        found.accessMode,
        found.schemaVersion,
        found.createdAt,
      ]);
      context.print({ value: all, text: formatTable(titles, rows) });
    });
}

function addCreate(workspaces: Command): void {
  workspaces
    .command("create")
    .description("create an empty workspace")
    .argument("<slug>", "as in addresses")
    .option("--name <name>", "what people call it; the slug when left out")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ name?: string }>(command);
      const { client, path } = organizationAdmin(context);
      const body = JSON.stringify({ slug, name: context.options.name ?? slug });
      const created = await fetchData<Workspace>(client, { method: "POST", path, body });
      context.print({ value: created, text: `Created ${describe(created)}` });
    });
}

type Limit = number | "none";

interface UpdateOptions {
  readonly name?: string;
  readonly accessMode?: string;
  readonly maxExpandDepth?: Limit;
  readonly corsOrigin: readonly string[];
  readonly anyOrigin?: boolean;
  readonly rateLimit?: Limit;
}

const parseLimit = (text: string): Limit => (text === "none" ? text : parseNumber(text));
const toNull = (limit: Limit | undefined) => (limit === "none" ? null : limit);

function addUpdate(workspaces: Command): void {
  workspaces
    .command("update")
    .description("change a workspace; options that are left out stay")
    .argument("<slug>")
    .option("--name <name>")
    .addOption(new Option("--access-mode <mode>", "applies from the next request on").choices(ACCESS_MODES))
    .option("--max-expand-depth <levels>", "1 to 5, or none", parseLimit)
    .option("--cors-origin <origin>", "only these origins (repeatable)", collect, [])
    .option("--any-origin", "all origins")
    .option("--rate-limit <requests>", "per minute and key: 60, 300, 1000, 6000, or none", parseLimit)
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<UpdateOptions>(command);
      const change = changeOf(context.options);
      if (Object.values(change).every((value) => value === undefined)) {
        throw usageError("Nothing to change: give at least one option.");
      }
      const { client, path } = organizationAdmin(context);
      const updated = await fetchData<Workspace>(client, {
        method: "PATCH",
        path: `${path}/${encodeURIComponent(slug)}`,
        body: JSON.stringify(change),
      });
      context.print({ value: updated, text: `Updated ${describe(updated)}` });
    });
}

function changeOf({ name, accessMode, maxExpandDepth, corsOrigin, anyOrigin, rateLimit }: UpdateOptions) {
  if (anyOrigin && corsOrigin.length > 0) throw usageError("Give --cors-origin or --any-origin, not both.");
  const corsAllowedOrigins = anyOrigin ? null : corsOrigin.length > 0 ? corsOrigin : undefined;
  const limits = { maxExpandDepth: toNull(maxExpandDepth), rateLimit: toNull(rateLimit) };
  return { name, accessMode, corsAllowedOrigins, ...limits };
}

function addDelete(workspaces: Command): void {
  workspaces
    .command("delete")
    .description("delete a workspace with all of its records and keys")
    .argument("<slug>")
    .requiredOption("--confirm <slug>", "the slug once more")
    .action(async (slug: string, _options: unknown, command: Command) => {
      const context = contextOf<{ confirm: string }>(command);
      if (context.options.confirm !== slug) throw usageError(`--confirm must be ${slug}.`);
      const { client, path } = organizationAdmin(context);
      const address = encodeURIComponent(slug);
      await client.send({ method: "DELETE", path: `${path}/${address}?confirm=${address}` });
      context.print({ value: { slug, deleted: true }, text: `Deleted ${slug} with all of its records.` });
    });
}
