import { type Command, Option } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin } from "../command-context.ts";
import { addAllowedIps, addRotate, type NewKey, showKey } from "./key-secrets.ts";
import { allowedIpsOf, PERMISSIONS, parseScopes, type Scope, scopesOf } from "./option-values.ts";
import { addList, addRemoval, itemAddress, type Resource, type Warned, withWarnings } from "./resource.ts";

interface ApiKey extends Warned {
  readonly id: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly permission: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

const KEYS: Resource<ApiKey> = {
  plural: "keys, including revoked ones",
  argument: { name: "id", help: "key_…, as list shows it" },
  titles: ["ID", "NAME", "PREFIX", "PERMISSION", "EXPIRES", "LAST USED", "REVOKED"],
  addressOf(context) {
    const { client, path } = workspaceAdmin(context);
    return { client, path: `${path}/api-keys` };
  },
  rowOf: ({ id, name, keyPrefix, permission, expiresAt, lastUsedAt, revokedAt }) => [
    id,
    name,
    keyPrefix,
    permission,
    expiresAt,
    lastUsedAt,
    revokedAt,
  ],
};

/** `keys list|create|update|revoke|rotate`; docs/cli.md. A key is printed when it is created, and never again. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("the API keys of the workspace (needs the admin token)");
  addList(keys, KEYS);
  addCreate(keys);
  addUpdate(keys);
  const description = "revoke a key from its next request on";
  addRemoval(keys, KEYS, { verb: "revoke", done: "revoked", description });
  addRotate(keys, KEYS);
}

/** What a key may do, when it is created and later. */
interface Rights {
  readonly mayWriteTimestamps?: boolean;
  readonly mayMintTokens?: boolean;
  readonly scopes?: readonly Scope[] | "all";
  readonly allowedIps?: readonly string[] | "any";
}

function addRights(command: Command): Command {
  return addAllowedIps(command)
    .option(
      "--scopes <scopes>",
      "'Product:read,create Inquiry:create', 'all', or rules as JSON or @file.json",
      parseScopes,
    )
    .option("--may-write-timestamps", "allow values for autoSet fields, for import --keep-timestamps")
    .option("--no-may-write-timestamps", "do not allow them")
    .option("--may-mint-tokens", "allow tokens mint")
    .option("--no-may-mint-tokens", "do not allow it");
}

/** An absent value stays as it is. */
const rightsOf = ({ scopes, allowedIps, mayWriteTimestamps, mayMintTokens }: Rights) => ({
  mayWriteTimestamps,
  mayMintTokens,
  scopes: scopesOf(scopes),
  allowedIps: allowedIpsOf(allowedIps),
});

function addCreate(keys: Command): void {
  const command = keys
    .command("create")
    .description("create a key, and print it this once")
    .argument("<name>", "what people call it")
    .addOption(new Option("--permission <permission>").choices(PERMISSIONS).default("READ_ONLY"))
    .option("--expires-at <time>", "ISO 8601; never when left out");
  addRights(command).action(async (name: string, _options: unknown, command: Command) => {
    const context = contextOf<Rights & { permission: string; expiresAt?: string }>(command);
    const { permission, expiresAt } = context.options;
    const { client, path } = itemAddress(KEYS, context);
    const body = JSON.stringify({ name, permission, expiresAt, ...rightsOf(context.options) });
    const created = await fetchData<NewKey & Warned>(client, { method: "POST", path, body });
    context.print({ value: created, text: withWarnings(showKey(created), created) });
  });
}

interface UpdateOptions extends Rights {
  readonly name?: string;
  readonly permission?: string;
  readonly expiresAt?: string;
}

function addUpdate(keys: Command): void {
  const command = keys
    .command("update")
    .description("change a key from its next request on; options that are left out stay")
    .argument("<id>", KEYS.argument.help)
    .option("--name <name>", "what people call it")
    .addOption(new Option("--permission <permission>").choices(PERMISSIONS))
    .option("--expires-at <time>", "ISO 8601, or 'never'");
  addRights(command).action(async (id: string, _options: unknown, command: Command) => {
    const context = contextOf<UpdateOptions>(command);
    const { name, permission, expiresAt } = context.options;
    const changes = {
      name,
      permission,
      expiresAt: expiresAt === "never" ? null : expiresAt,
      ...rightsOf(context.options),
    };
    const { client, path } = itemAddress(KEYS, context, id);
    const body = JSON.stringify(changes);
    const updated = await fetchData<ApiKey>(client, { method: "PATCH", path, body });
    context.print({ value: updated, text: withWarnings(`Updated ${updated.name} (${id}).`, updated) });
  });
}
