import { type Command, Option } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin } from "../command-context.ts";
import { PERMISSIONS, parseScopes, type Scope, scopesOf } from "./option-values.ts";
import {
  addList,
  addRemoval,
  addShow,
  changeOf,
  itemAddress,
  type Resource,
  type Warned,
  withWarnings,
} from "./resource.ts";

interface Role extends Warned {
  readonly name: string;
  readonly permission: string;
  readonly scopes: readonly Scope[] | null;
  readonly updatedAt: string;
}

const ROLES: Resource<Role> = {
  plural: "roles",
  argument: { name: "name", help: "what the issuer's roleClaim selects" },
  titles: ["NAME", "PERMISSION", "ENTITIES", "UPDATED"],
  addressOf(context) {
    const { client, path } = workspaceAdmin(context);
    return { client, path: `${path}/roles` };
  },
  rowOf({ name, permission, scopes, updatedAt }) {
    const entities = new Set(scopes?.map(({ entity }) => entity));
    return [name, permission, scopes ? [...entities].join(",") : "all", updatedAt];
  },
};

interface RoleOptions {
  readonly permission?: string;
  readonly scopes?: readonly Scope[] | "all";
}

const SCOPES = ["--scopes <scopes>", "'Note:read,create', 'all', or rules as JSON or @file.json"] as const;

/** `roles list|show|create|update|delete`; docs/cli.md. */
export function addRoles(program: Command): void {
  const roles = program
    .command("roles")
    .description(
      "what users of an identity provider, and requests without a key, may do (needs the admin token)",
    );
  addList(roles, ROLES);
  addShow(roles, ROLES);
  addCreate(roles);
  addUpdate(roles);
  addRemoval(roles, ROLES, { verb: "delete", done: "deleted", description: "delete a role" });
}

function addCreate(roles: Command): void {
  roles
    .command("create")
    .description(
      "create a role; 'authenticated' is for users without another, 'anonymous' for requests without a key",
    )
    .argument("<name>", ROLES.argument.help)
    .addOption(new Option("--permission <permission>").choices(PERMISSIONS).default("READ_ONLY"))
    .requiredOption(...SCOPES, parseScopes)
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf<RoleOptions>(command);
      const { permission, scopes } = context.options;
      const { client, path } = itemAddress(ROLES, context);
      const body = JSON.stringify({ name, permission, scopes: scopesOf(scopes) });
      const created = await fetchData<Role>(client, { method: "POST", path, body });
      context.print({ value: created, text: withWarnings(`Created ${name}.`, created) });
    });
}

function addUpdate(roles: Command): void {
  roles
    .command("update")
    .description("change a role from the next request on; options that are left out stay")
    .argument("<name>", ROLES.argument.help)
    .addOption(new Option("--permission <permission>").choices(PERMISSIONS))
    .option(...SCOPES, parseScopes)
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf<RoleOptions>(command);
      const { permission, scopes } = context.options;
      const body = changeOf({ permission, scopes: scopesOf(scopes) });
      const { client, path } = itemAddress(ROLES, context, name);
      const updated = await fetchData<Role>(client, { method: "PATCH", path, body });
      context.print({ value: updated, text: withWarnings(`Updated ${name}.`, updated) });
    });
}
