import type { Command } from "commander";
import type { JsonObject } from "../../../src/model/json.ts";
import { fetchData, fetchPage } from "../api/api-data.ts";
import { type CommandContext, contextOf, workspaceAdmin } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";
import { collect, parseCount, parseNames, parseTree } from "./option-values.ts";
import { addList, addRemoval, changeOf, itemAddress, type Resource, withoutAbsent } from "./resource.ts";

interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly entities: readonly string[] | null;
  readonly enabled: boolean;
}

type NewWebhook = Webhook & { readonly secret?: string; readonly publicKey: string | null };

interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly entity: string;
  readonly recordId: string | number | null;
  readonly status: string;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly attempts: readonly { readonly statusCode: number | null; readonly error: string | null }[];
}

const ID = "whk_…, as list shows it";
const SIGNATURE_KINDS = "v1 (shared secret) or v1a (Ed25519)";
const EVENTS = ["record.created", "record.updated", "record.deleted"];

/** `webhooks list|create|update|delete|rotate-secret|test|send|deliveries|redeliver`; docs/cli.md. */
export function addWebhooks(program: Command): void {
  const webhooks = program
    .command("webhooks")
    .description("the webhooks of the workspace and their deliveries (needs the admin token)");
  addList(webhooks, WEBHOOKS);
  addCreate(webhooks);
  addUpdate(webhooks);
  const description = "delete a webhook with its deliveries";
  addRemoval(webhooks, WEBHOOKS, { verb: "delete", done: "deleted", description });
  addRotateSecret(webhooks);
  addTest(webhooks);
  addSend(webhooks);
  addDeliveries(webhooks);
  addRedeliver(webhooks);
}

const WEBHOOKS: Resource<Webhook> = {
  plural: "webhooks",
  argument: { name: "id", help: ID },
  titles: ["ID", "NAME", "URL", "EVENTS", "ENTITIES", "ENABLED"],
  addressOf(context) {
    const { client, path } = workspaceAdmin(context);
    return { client, path: `${path}/webhooks` };
  },
  rowOf: ({ id, name, url, events, entities, enabled }) => [
    id,
    name,
    url,
    events.join(","),
    entities?.join(",") ?? "all",
    enabled ? "yes" : "no",
  ],
};

const addressOf = (context: CommandContext<unknown>, ...segments: readonly string[]) =>
  itemAddress(WEBHOOKS, context, ...segments);

const showSecret = ({ id, name, secret, publicKey }: NewWebhook) =>
  publicKey === null
    ? `${name} (${id}), shown only now:\n${secret}`
    : `${name} (${id}), verified with the public key:\n${publicKey}`;

interface WebhookOptions {
  readonly to?: string;
  readonly name?: string;
  readonly events?: readonly string[];
  readonly entities?: readonly string[];
  readonly header: readonly string[];
  readonly filter?: JsonObject | "none";
  readonly expand?: readonly string[];
}

function addWebhookOptions(command: Command): Command {
  return command
    .option("--events <events>", `some of ${EVENTS.join(", ")}, comma-separated`, parseNames)
    .option("--entities <entities>", "names, comma-separated, or 'all'", parseNames)
    .option(
      "--filter <json>",
      "send only changes that satisfy it; needs --entities; 'none' ends it",
      parseTree,
    )
    .option("--expand <paths>", "relationships to add to records, or 'none'; needs --entities", parseNames)
    .option("--header <name=value>", "sent along with each delivery (repeatable)", collect, []);
}

const bodyOf = ({ name, to, events, entities, header, filter, expand }: WebhookOptions) => ({
  name,
  url: to,
  events,
  entities: entities?.join() === "all" ? null : entities,
  filter: filter === "none" ? null : filter,
  expand: expand?.join() === "none" ? null : expand,
  headers: header.length === 0 ? undefined : Object.fromEntries(header.map(parseHeader)),
});

function parseHeader(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageError(`--header ${text}: must be name=value.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function addCreate(webhooks: Command): void {
  const command = webhooks
    .command("create")
    .description("create a webhook, and print its secret this once")
    .argument("<name>", "what people call it")
    .argument("<address>", "where deliveries go")
    .option("--signature <kind>", SIGNATURE_KINDS);
  addWebhookOptions(command).action(async (name: string, to: string, _options: unknown, command: Command) => {
    const context = contextOf<WebhookOptions & { signature?: string }>(command);
    const { client, path } = addressOf(context);
    const { signature } = context.options;
    const body = JSON.stringify({
      events: EVENTS,
      ...withoutAbsent({ ...bodyOf({ ...context.options, name, to }), signature }),
    });
    const created = await fetchData<NewWebhook>(client, { method: "POST", path, body });
    context.print({ value: created, text: showSecret(created) });
  });
}

function addUpdate(webhooks: Command): void {
  const command = webhooks
    .command("update")
    .description("change a webhook from the next write on; options that are left out stay")
    .argument("<id>", ID)
    .option("--name <name>", "what people call it")
    .option("--to <address>", "where deliveries go")
    .option("--enable", "deliver again, also what waits")
    .option("--disable", "deliver nothing; later changes are not kept for it");
  addWebhookOptions(command).action(async (id: string, _options: unknown, command: Command) => {
    const context = contextOf<WebhookOptions & { enable?: boolean; disable?: boolean }>(command);
    const { enable, disable } = context.options;
    if (enable && disable) throw usageError("Give --enable or --disable, not both.");
    const body = changeOf({ ...bodyOf(context.options), enabled: enable ?? (disable ? false : undefined) });
    const { client, path } = addressOf(context, id);
    const updated = await fetchData<Webhook>(client, { method: "PATCH", path, body });
    context.print({ value: updated, text: `Updated ${updated.name} (${id}).` });
  });
}

function addRotateSecret(webhooks: Command): void {
  webhooks
    .command("rotate-secret")
    .description("give a webhook a new secret, and print it this once")
    .argument("<id>", ID)
    .option("--grace <seconds>", "how long the old secret signs too, up to a week", parseCount)
    .option("--signature <kind>", `${SIGNATURE_KINDS}; absent: as before`)
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf<{ grace?: number; signature?: string }>(command);
      const { grace, signature } = context.options;
      const body = JSON.stringify({ gracePeriodSeconds: grace, signature });
      const { client, path } = addressOf(context, id, "rotate-secret");
      const rotated = await fetchData<NewWebhook>(client, { method: "POST", path, body });
      context.print({ value: rotated, text: showSecret(rotated) });
    });
}

function addTest(webhooks: Command): void {
  webhooks
    .command("test")
    .description("send a sample record")
    .argument("<id>", ID)
    .argument("[entity]", "name of the entity; absent: the first of the webhook")
    .action(async (id: string, entity: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = addressOf(context, id, "test");
      const body = JSON.stringify({ entity });
      const sent = await fetchData<{ deliveryId: string }>(client, { method: "POST", path, body });
      context.print({ value: sent, text: `Sending a sample as ${sent.deliveryId}.` });
    });
}

function addSend(webhooks: Command): void {
  webhooks
    .command("send")
    .description("send records as they are now")
    .argument("<id>", ID)
    .argument("<entity>", "name of the entity")
    .argument("<ids...>", "ids of up to 100 records")
    .action(async (id: string, entity: string, ids: string[], _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = addressOf(context, id, "send");
      const body = JSON.stringify({ entity, ids });
      const sent = await fetchData<{ deliveryId: string; rowCount: number }>(client, {
        method: "POST",
        path,
        body,
      });
      context.print({ value: sent, text: `Sending ${sent.rowCount} records as ${sent.deliveryId}.` });
    });
}

function addDeliveries(webhooks: Command): void {
  webhooks
    .command("deliveries")
    .description("list deliveries, newest first")
    .argument("<id>", ID)
    .option("--size <n>", "how many, up to 1000", parseCount, 50)
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf<{ size: number }>(command);
      const { client, path } = addressOf(context, id, "deliveries");
      const all = await fetchPage<Delivery>(client, path, { size: String(context.options.size) });
      const rows = all.map(({ id, createdAt, type, entity, recordId, status, attempts, nextAttemptAt }) => {
        const last = attempts.at(-1);
        const result = last && (last.statusCode ?? last.error);
        return [id, createdAt, type, entity, recordId, status, attempts.length, result, nextAttemptAt];
      });
      const titles = ["ID", "CREATED", "TYPE", "ENTITY", "RECORD", "STATUS", "ATTEMPTS", "LAST", "NEXT"];
      context.print({ value: all, text: formatTable(titles, rows) });
    });
}

function addRedeliver(webhooks: Command): void {
  webhooks
    .command("redeliver")
    .description("start a new series of attempts of a delivery")
    .argument("<id>", ID)
    .argument("<delivery>", "dlv_…, as deliveries shows it")
    .action(async (id: string, delivery: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = addressOf(context, id, "deliveries", delivery, "redeliver");
      const begun = await fetchData<object>(client, { method: "POST", path });
      context.print({ value: begun, text: `Delivering ${delivery} again.` });
    });
}
