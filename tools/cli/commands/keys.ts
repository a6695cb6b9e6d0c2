import { type Command, Option } from "commander";
import { fetchAll, fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin } from "../command-context.ts";
import { formatTable } from "../format-table.ts";
import { parseAddresses, parseNumber, parseScopes, type Scope } from "./option-values.ts";

interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly permission: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

type NewKey = ApiKey & { readonly key: string };

const showKey = ({ id, name, key }: NewKey) => `${name} (${id}), shown only now:\n${key}`;

/** `keys list|create|update|revoke|rotate`; docs/cli.md. A key is printed when it is created, and never again. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("the API keys of the workspace (needs the admin token)");
  addList(keys);
  addCreate(keys);
  addUpdate(keys);
  addRevoke(keys);
  addRotate(keys);
}

function addList(keys: Command): void {
  keys
    .command("list")
    .description("list all keys, including revoked ones")
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = workspaceAdmin(context);
      const all = await fetchAll<ApiKey>(client, `${path}/api-keys`);
      const titles = ["ID", "NAME", "PREFIX", "PERMISSION", "EXPIRES", "LAST USED", "REVOKED"];
      const rows = all.map((key) => {
        const { id, name, keyPrefix, permission, expiresAt, lastUsedAt, revokedAt } = key;
        return [id, name, keyPrefix, permission, expiresAt, lastUsedAt, revokedAt];
      });
      context.print({ value: all, text: formatTable(titles, rows) });
    });
}

const PERMISSIONS = ["READ_ONLY", "READ_WRITE"];

/** What a key may do, when it is created and later. */
interface Rights {
  readonly mayWriteTimestamps?: boolean;
  readonly scopes?: readonly Scope[] | "all";
  readonly allowedIps?: readonly string[] | "any";
}

function addRights(command: Command): Command {
  return command
    .option("--scopes <scopes>", "'Product:read,create Inquiry:create', or 'all'", parseScopes)
    .option(
      "--allowed-ips <addresses>",
      "addresses and CIDR ranges, comma-separated, or 'any'",
      parseAddresses,
    )
    .option("--may-write-timestamps", "allow values for autoSet fields, for import --keep-timestamps")
    .option("--no-may-write-timestamps", "do not allow them");
}

/** In the API, null means no limit, and an absent value stays as it is. */
const rightsOf = ({ scopes, allowedIps, mayWriteTimestamps }: Rights) => ({
  mayWriteTimestamps,
  scopes: scopes === "all" ? null : scopes,
  allowedIps: allowedIps === "any" ? null : allowedIps,
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
    const { client, path } = workspaceAdmin(context);
    const body = JSON.stringify({ name, permission, expiresAt, ...rightsOf(context.options) });
    const created = await fetchData<NewKey>(client, { method: "POST", path: `${path}/api-keys`, body });
    context.print({ value: created, text: showKey(created) });
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
    .argument("<id>", "key_…, as list shows it")
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
    const { client, path } = workspaceAdmin(context);
    const updated = await fetchData<ApiKey>(client, {
      method: "PATCH",
      path: `${path}/api-keys/${encodeURIComponent(id)}`,
      body: JSON.stringify(changes),
    });
    context.print({ value: updated, text: `Updated ${updated.name} (${id}).` });
  });
}

function addRevoke(keys: Command): void {
  keys
    .command("revoke")
    .description("revoke a key from its next request on")
    .argument("<id>", "key_…, as list shows it")
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = workspaceAdmin(context);
      await client.send({ method: "DELETE", path: `${path}/api-keys/${encodeURIComponent(id)}` });
      context.print({ value: { id, revoked: true }, text: `Revoked ${id}.` });
    });
}

function addRotate(keys: Command): void {
  keys
    .command("rotate")
    .description("give a key a new secret, and print it this once")
    .argument("<id>", "key_…, as list shows it")
    .option("--grace-period <seconds>", "how long the old secret goes on working", parseNumber, 0)
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf<{ gracePeriod: number }>(command);
      const { client, path } = workspaceAdmin(context);
      const rotated = await fetchData<NewKey>(client, {
        method: "POST",
        path: `${path}/api-keys/${encodeURIComponent(id)}/rotate`,
        body: JSON.stringify({ gracePeriodSeconds: context.options.gracePeriod }),
      });
      context.print({ value: rotated, text: showKey(rotated) });
    });
}
