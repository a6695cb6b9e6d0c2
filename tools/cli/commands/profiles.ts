import type { Command } from "commander";
import { printerOf } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";
import { type Profile, profilesFileOf, readProfiles, requireProfile, writeProfiles } from "../profiles.ts";
import type { GlobalOptions } from "../settings.ts";

const HELP = `
A profile keeps the address of a deployment, its credentials, and the organization and workspace to use, in
~/.config/schemastack/config.json. Only you can read that file.

Example:
  profiles save staging --url https://staging.example.com --admin-token … --org acme
  schema plan schema.json --profile staging --workspace shop`;

/** `profiles list|save|remove`; docs/cli.md. */
export function addProfiles(program: Command): void {
  const profiles = program
    .command("profiles")
    .description("deployments that --profile can name")
    .addHelpText("after", HELP);
  addList(profiles);
  addSave(profiles);
  addRemove(profiles);
}

function addList(profiles: Command): void {
  profiles
    .command("list")
    .description("list all profiles, without their secrets")
    .action((_options: unknown, command: Command) => {
      const shown = Object.entries(readProfiles(profilesFileOf(process.env))).map(([name, profile]) => {
        const { url, organization, workspace } = profile;
        const secrets = {
          hasKey: profile.key !== undefined,
          hasAdminToken: profile.adminToken !== undefined,
        };
        return { name, url, organization, workspace, ...secrets };
      });
      const rows = shown.map(({ name, url, organization, workspace, hasKey, hasAdminToken }) => {
        const secrets = [hasKey && "key", hasAdminToken && "admin token"].filter(Boolean).join(", ");
        return [name, url, organization, workspace, secrets || "-"];
      });
      const titles = ["NAME", "ADDRESS", "ORGANIZATION", "WORKSPACE", "SECRETS"];
      printerOf(command)({ value: shown, text: formatTable(titles, rows) });
    });
}

function addSave(profiles: Command): void {
  profiles
    .command("save")
    .description("save the given --url, --key, --admin-token, --org and --workspace; the others stay")
    .argument("<name>")
    .action((name: string, _options: unknown, command: Command) => {
      const file = profilesFileOf(process.env);
      const known = readProfiles(file);
      const before = Object.hasOwn(known, name) ? known[name] : undefined;
      const profile = { ...before, ...givenIn(command.optsWithGlobals<GlobalOptions>()) };
      if (profile.url === undefined) throw usageError("A new profile needs --url.");
      if (before?.url !== undefined && before.url !== profile.url) requireNewSecrets(before, command);
      writeProfiles(file, { ...known, [name]: profile });
      printerOf(command)({ value: { name, file }, text: `Saved ${name} in ${file}.` });
    });
}

/** Keeps the secrets of one address from going to another. */
function requireNewSecrets(before: Profile, command: Command): void {
  const given = givenIn(command.optsWithGlobals<GlobalOptions>());
  const kept = (["key", "adminToken"] as const).filter((name) => before[name] && given[name] === undefined);
  if (kept.length > 0) {
    throw usageError("The profile has secrets for another address: remove it first, or give new ones.");
  }
}

function givenIn({ url, key, adminToken, org, workspace }: GlobalOptions): Profile {
  return {
    ...(url !== undefined && { url }),
    ...(key !== undefined && { key }),
    ...(adminToken !== undefined && { adminToken }),
    ...(org !== undefined && { organization: org }),
    ...(workspace !== undefined && { workspace }),
  };
}

function addRemove(profiles: Command): void {
  profiles
    .command("remove")
    .description("remove a profile with its secrets")
    .argument("<name>")
    .action((name: string, _options: unknown, command: Command) => {
      const file = profilesFileOf(process.env);
      requireProfile(file, name);
      const { [name]: _removed, ...others } = readProfiles(file);
      writeProfiles(file, others);
      printerOf(command)({ value: { name, removed: true }, text: `Removed ${name}.` });
    });
}
