import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type ApiClient, createApiClient } from "./api/send-request.ts";
import { type GlobalOptions, requireSettings, resolveSettings, type Settings } from "./settings.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEV_DIRECTORY = join(ROOT, ".data/dev");

/** Services of a running command. */
export interface CommandContext<Options> {
  readonly options: Options & GlobalOptions;
  readonly settings: Settings;
  /** Prints the result on standard output: text, or the value with --json. */
  print(result: { readonly value: unknown; readonly text: string }): void;
}

/** `profile` stands in for --profile. Throws OperatorError. */
export function contextOf<Options>(command: Command, profile?: string): CommandContext<Options> {
  const given = command.optsWithGlobals<Options & GlobalOptions>();
  const options = profile === undefined ? given : { ...given, profile };
  return {
    options,
    settings: resolveSettings(options, process.env, DEV_DIRECTORY),
    print: printerOf(command),
  };
}

/** Returns the function that prints results on standard output: text, or values with --json. */
export function printerOf(command: Command): CommandContext<unknown>["print"] {
  const { json } = command.optsWithGlobals<GlobalOptions>();
  return ({ value, text }) => process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
}

/** Resolves a path from the command line. npm runs scripts in the project's directory, not in the caller's. */
export const pathOf = (file: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), file);

export interface Addressed {
  readonly client: ApiClient;
  /** Has no trailing slash. */
  readonly path: string;
}

/** The Workspace API, with the key. Throws OperatorError when a setting is missing. */
export function workspaceApi({ settings, options }: CommandContext<unknown>): Addressed {
  const { key, organization, workspace } = requireSettings(settings, "key", "organization", "workspace");
  const client = createApiClient({ url: settings.url, bearer: key, retries: options.retries });
  return { client, path: `/api/v1/${encodeURIComponent(organization)}/${encodeURIComponent(workspace)}` };
}

/** The Admin API, with the admin token. Throws OperatorError when it is missing. */
export function adminApi({ settings, options }: CommandContext<unknown>): Addressed {
  const { adminToken } = requireSettings(settings, "adminToken");
  const client = createApiClient({ url: settings.url, bearer: adminToken, retries: options.retries });
  return { client, path: "/admin/v1" };
}

/** The organizations in the Admin API. Throws OperatorError when a setting is missing. */
export function deploymentAdmin(context: CommandContext<unknown>): Addressed {
  const { client, path } = adminApi(context);
  return { client, path: `${path}/organizations` };
}

/** The workspaces of the organization in the Admin API. Throws OperatorError when a setting is missing. */
export function organizationAdmin(context: CommandContext<unknown>): Addressed {
  const { organization } = requireSettings(context.settings, "adminToken", "organization");
  const { client, path } = deploymentAdmin(context);
  return { client, path: `${path}/${encodeURIComponent(organization)}/workspaces` };
}

/** The workspace in the Admin API. Throws OperatorError when a setting is missing. */
export function workspaceAdmin(context: CommandContext<unknown>): Addressed {
  const { workspace } = requireSettings(context.settings, "adminToken", "organization", "workspace");
  const { client, path } = organizationAdmin(context);
  return { client, path: `${path}/${encodeURIComponent(workspace)}` };
}
