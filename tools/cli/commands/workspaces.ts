import { type Command, Option } from "commander";
import { ACCESS_MODES } from "../../../src/model/access-mode.ts";
import { fetchData } from "../api/api-data.ts";
import { contextOf, organizationAdmin } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { collect, parseNumber } from "./option-values.ts";
import { addList, changeOf, itemAddress, type Resource } from "./resource.ts";
import { addCreation, addDeletion, SLUG } from "./slugs.ts";

interface Workspace {
  readonly slug: string;
  readonly name: string;
  readonly accessMode: string;
  readonly schemaVersion: number;
  readonly createdAt: string;
}

const WORKSPACES: Resource<Workspace> = {
  plural: "workspaces",
  argument: SLUG,
  titles: ["SLUG", "NAME", "ACCESS MODE", "SCHEMA", "CREATED"],
  addressOf: organizationAdmin,
  rowOf: ({ slug, name, accessMode, schemaVersion, createdAt }) => [
    slug,
    name,
    accessMode,
    String(schemaVersion),
    createdAt,
  ],
};

const describe = ({ slug, name, accessMode, schemaVersion }: Workspace) =>
  `${slug} (${name}): ${accessMode}, schema version ${schemaVersion}`;

/** `workspaces list|create|update|delete`; docs/cli.md. */
export function addWorkspaces(program: Command): void {
  const workspaces = program
    .command("workspaces")
    .description("the workspaces of the organization (needs the admin token)");
  addList(workspaces, WORKSPACES);
  addCreation(workspaces, WORKSPACES, { description: "create an empty workspace", describe });
  addUpdate(workspaces);
  addDeletion(workspaces, WORKSPACES, {
    description: "delete a workspace with all of its records and keys",
    extent: " with all of its records",
    isConfirmed: true,
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
      const body = changeOf(settingsIn(context.options));
      const { client, path } = itemAddress(WORKSPACES, context, slug);
      const updated = await fetchData<Workspace>(client, { method: "PATCH", path, body });
      context.print({ value: updated, text: `Updated ${describe(updated)}` });
    });
}

function settingsIn({ name, accessMode, maxExpandDepth, corsOrigin, anyOrigin, rateLimit }: UpdateOptions) {
  if (anyOrigin && corsOrigin.length > 0) throw usageError("Give --cors-origin or --any-origin, not both.");
  const corsAllowedOrigins = anyOrigin ? null : corsOrigin.length > 0 ? corsOrigin : undefined;
  const limits = { maxExpandDepth: toNull(maxExpandDepth), rateLimit: toNull(rateLimit) };
  return { name, accessMode, corsAllowedOrigins, ...limits };
}
