import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { adminApi, contextOf } from "../command-context.ts";
import { addReachOptions, organizationOf, type ReachOptions, roleOption } from "./administrator-options.ts";
import { addAllowedIps, addRotate, type NewKey, showKey } from "./key-secrets.ts";
import { allowedIpsOf } from "./option-values.ts";
import { addList, addRemoval, changeOf, itemAddress, type Resource } from "./resource.ts";

interface AdminKey {
  readonly id: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly organization: string | null;
  readonly role: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

const ADMIN_KEYS: Resource<AdminKey> = {
  plural: "admin keys that you may see, including revoked ones",
  argument: { name: "id", help: "adm_…, as list shows it" },
  titles: ["ID", "NAME", "PREFIX", "ORGANIZATION", "ROLE", "EXPIRES", "LAST USED", "REVOKED"],
  addressOf(context) {
    const { client, path } = adminApi(context);
    return { client, path: `${path}/admin-keys` };
  },
  rowOf: ({ id, name, keyPrefix, organization, role, expiresAt, lastUsedAt, revokedAt }) => [
    id,
    name,
    keyPrefix,
    organization ?? "all",
    role,
    expiresAt,
    lastUsedAt,
    revokedAt,
  ],
};

interface KeyOptions extends Partial<ReachOptions> {
  readonly name?: string;
  readonly expiresAt?: string;
  readonly allowedIps?: readonly string[] | "any";
}

/** `admin-keys list|create|update|revoke|rotate`; docs/cli.md. */
export function addAdminKeys(program: Command): void {
  const keys = program
    .command("admin-keys")
    .description("credentials of scripts for the admin API (needs the admin token)");
  addList(keys, ADMIN_KEYS);
  addCreate(keys);
  addUpdate(keys);
  const description = "revoke an admin key from its next request on";
  addRemoval(keys, ADMIN_KEYS, { verb: "revoke", done: "revoked", description });
  addRotate(keys, ADMIN_KEYS);
}

function addCreate(keys: Command): void {
  const command = keys
    .command("create")
    .description("create an admin key, and print it this once")
    .argument("<name>", "what people call it")
    .option("--expires-at <time>", "ISO 8601; never when left out");
  addAllowedIps(addReachOptions(command)).action(
    async (name: string, _options: unknown, command: Command) => {
      const context = contextOf<KeyOptions & ReachOptions>(command);
      const { role, expiresAt, allowedIps } = context.options;
      const organization = organizationOf(context);
      const { client, path } = itemAddress(ADMIN_KEYS, context);
      const body = JSON.stringify({
        name,
        organization,
        role,
        expiresAt,
        allowedIps: allowedIpsOf(allowedIps),
      });
      const created = await fetchData<NewKey>(client, { method: "POST", path, body });
      context.print({ value: created, text: showKey(created) });
    },
  );
}

function addUpdate(keys: Command): void {
  const command = keys
    .command("update")
    .description("change an admin key from its next request on; options that are left out stay")
    .argument("<id>", ADMIN_KEYS.argument.help)
    .option("--name <name>", "what people call it")
    .addOption(roleOption())
    .option("--expires-at <time>", "ISO 8601, or 'never'");
  addAllowedIps(command).action(async (id: string, _options: unknown, command: Command) => {
    const context = contextOf<KeyOptions>(command);
    const { name, role, expiresAt, allowedIps } = context.options;
    const body = changeOf({
      name,
      role,
      expiresAt: expiresAt === "never" ? null : expiresAt,
      allowedIps: allowedIpsOf(allowedIps),
    });
    const { client, path } = itemAddress(ADMIN_KEYS, context, id);
    const updated = await fetchData<AdminKey>(client, { method: "PATCH", path, body });
    context.print({ value: updated, text: `Updated ${updated.name} (${id}).` });
  });
}
