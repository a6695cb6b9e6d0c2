import { type Command, Option } from "commander";
import { fetchAll, fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin } from "../command-context.ts";
import { formatTable } from "../format-table.ts";
import { parseNumber } from "./option-values.ts";

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

/** `keys list|create|revoke|rotate`; docs/cli.md. A key is printed when it is made, and never again. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("the API keys of the workspace (needs the admin token)");
  addList(keys);
  addCreate(keys);
  addRevoke(keys);
  addRotate(keys);
}

function addList(keys: Command): void {
  keys
    .command("list")
    .description("all keys, revoked ones too")
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

interface CreateOptions {
  readonly permission: string;
  readonly expiresAt?: string;
}

function addCreate(keys: Command): void {
  keys
    .command("create")
    .description("make a key, and print it this once")
    .argument("<name>", "what people call it")
    .addOption(
      new Option("--permission <permission>").choices(["READ_ONLY", "READ_WRITE"]).default("READ_ONLY"),
    )
    .option("--expires-at <time>", "ISO 8601; never when left out")
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf<CreateOptions>(command);
      const { permission, expiresAt } = context.options;
      const { client, path } = workspaceAdmin(context);
      const body = JSON.stringify({ name, permission, expiresAt });
      const created = await fetchData<NewKey>(client, { method: "POST", path: `${path}/api-keys`, body });
      context.print({ value: created, text: showKey(created) });
    });
}

function addRevoke(keys: Command): void {
  keys
    .command("revoke")
    .description("end a key, from its next request on")
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
