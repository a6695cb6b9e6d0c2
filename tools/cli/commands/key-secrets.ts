import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf } from "../command-context.ts";
import { parseAddresses, parseNumber } from "./option-values.ts";
import { itemAddress, type Resource } from "./resource.ts";

/* API keys and admin keys have these in common. */

export interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly key: string;
}

export const showKey = ({ id, name, key }: NewKey) => `${name} (${id}), shown only now:\n${key}`;

export const addAllowedIps = (command: Command): Command =>
  command.option(
    "--allowed-ips <addresses>",
    "addresses and CIDR ranges, comma-separated, or 'any'",
    parseAddresses,
  );

/** Adds `rotate`. */
export function addRotate<Item>(keys: Command, resource: Resource<Item>): void {
  keys
    .command("rotate")
    .description("give a key a new secret, and print it this once")
    .argument("<id>", resource.argument.help)
    .option("--grace-period <seconds>", "how long the old secret goes on working", parseNumber, 0)
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf<{ gracePeriod: number }>(command);
      const { client, path } = itemAddress(resource, context, id, "rotate");
      const body = JSON.stringify({ gracePeriodSeconds: context.options.gracePeriod });
      const rotated = await fetchData<NewKey>(client, { method: "POST", path, body });
      context.print({ value: rotated, text: showKey(rotated) });
    });
}
