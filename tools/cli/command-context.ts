import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type ApiClient, createApiClient } from "./api/send-request.ts";
import { type GlobalOptions, requireSettings, resolveSettings, type Settings } from "./settings.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What a running command has at hand. */
export interface CommandContext<Options> {
  readonly options: Options & GlobalOptions;
  readonly settings: Settings;
  readonly isJson: boolean;
  /** The result: for people, or with --json the value itself, on standard output. */
  print(result: { readonly value: unknown; readonly text: string }): void;
}

export function contextOf<Options>(command: Command): CommandContext<Options> {
  const options = command.optsWithGlobals<Options & GlobalOptions>();
  const isJson = options.json === true;
  return {
    options,
    settings: resolveSettings(options, process.env, join(ROOT, ".data/dev")),
    isJson,
    print({ value, text }) {
      process.stdout.write(`${isJson ? JSON.stringify(value) : text}\n`);
    },
  };
}

/** Where a file named on the command line is: npm runs its scripts in the project's directory, not in the caller's. */
export const pathOf = (file: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), file);

export interface Addressed {
  readonly client: ApiClient;
  /** Of the workspace in its API, or of the organization in the Admin API. */
  readonly path: string;
}

/** The Workspace API, with the key. Throws OperatorError when a setting is missing. */
export function workspaceApi({ settings, options }: CommandContext<unknown>): Addressed {
  const { key, organization, workspace } = requireSettings(settings, "key", "organization", "workspace");
  const client = createApiClient({ url: settings.url, bearer: key, retries: options.retries });
  return { client, path: `/api/v1/${encodeURIComponent(organization)}/${encodeURIComponent(workspace)}` };
}

/** The workspaces of the organization in the Admin API. Throws OperatorError when a setting is missing. */
export function organizationAdmin({ settings, options }: CommandContext<unknown>): Addressed {
  const { adminToken, organization } = requireSettings(settings, "adminToken", "organization");
  const client = createApiClient({ url: settings.url, bearer: adminToken, retries: options.retries });
  return { client, path: `/admin/v1/organizations/${encodeURIComponent(organization)}/workspaces` };
}

/** The workspace in the Admin API. Throws OperatorError when a setting is missing. */
export function workspaceAdmin(context: CommandContext<unknown>): Addressed {
  const { workspace } = requireSettings(context.settings, "workspace", "adminToken", "organization");
  const { client, path } = organizationAdmin(context);
  return { client, path: `${path}/${encodeURIComponent(workspace)}` };
}
