import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile } from "../runtime/secrets.ts";
import type { DemoKeys } from "../seed/seed-demo.ts";
import { usageError } from "./exit-codes.ts";
import { type Profile, profilesFileOf, requireProfile } from "./profiles.ts";

/** The options of every command, as given. */
export interface GlobalOptions {
  readonly profile?: string;
  readonly url?: string;
  readonly key?: string;
  readonly adminToken?: string;
  readonly org?: string;
  readonly workspace?: string;
  readonly retries: number;
  readonly json?: boolean;
}

export interface Settings {
  /** Has no trailing slash. */
  readonly url: string;
  readonly key: string | undefined;
  readonly adminToken: string | undefined;
  readonly organization: string | undefined;
  readonly workspace: string | undefined;
}

type Given = { readonly [Name in keyof Settings]: string | undefined };

const DEV_URL = "http://127.0.0.1:8787";
const DEMO = { organization: "demo", workspace: "air" };

/**
 * Options come first, then a profile, then SCHEMASTACK_… variables. Without an address, those of `npm run dev` fill the
 * gaps when its directory is there. Secrets of a profile, or of `npm run dev`, never go to another address; nor do those
 * of variables go to the address of a profile. Throws OperatorError.
 */
export function resolveSettings(
  options: GlobalOptions,
  env: NodeJS.ProcessEnv,
  devDirectory: string,
): Settings {
  const given = givenSettings(options, env);
  const found = given.url === undefined ? fillFromDev(given, devDirectory) : given;
  if (found.url === undefined) {
    throw usageError(
      "Which deployment? Give --url or --profile, set SCHEMASTACK_URL, or start one with npm run dev.",
    );
  }
  return { ...found, url: normalizeUrl(found.url) };
}

/** Settings without those of `npm run dev`. */
function givenSettings(options: GlobalOptions, env: NodeJS.ProcessEnv): Given {
  const profile = profileOf(options, env);
  const fromEnv = (name: string) => env[`SCHEMASTACK_${name}`] || undefined;
  const own = {
    url: options.url,
    key: options.key,
    adminToken: options.adminToken,
    organization: options.org,
    workspace: options.workspace,
  };
  const places = { organization: fromEnv("ORG"), workspace: fromEnv("WORKSPACE") };
  const secrets = { url: fromEnv("URL"), key: fromEnv("KEY"), adminToken: fromEnv("ADMIN_TOKEN") };
  const fallback: Partial<Given> = profile ? { ...places, ...profile } : { ...places, ...secrets };
  return {
    url: own.url ?? fallback.url,
    key: own.key ?? fallback.key,
    adminToken: own.adminToken ?? fallback.adminToken,
    organization: own.organization ?? fallback.organization,
    workspace: own.workspace ?? fallback.workspace,
  };
}

function profileOf({ profile, url }: GlobalOptions, env: NodeJS.ProcessEnv): Profile | undefined {
  if (profile !== undefined && url !== undefined) throw usageError("Give --profile or --url, not both.");
  const name = profile ?? (url === undefined ? env.SCHEMASTACK_PROFILE || undefined : undefined);
  if (name === undefined) return undefined;
  const file = profilesFileOf(env);
  const found = requireProfile(file, name);
  if (found.url === undefined) throw usageError(`The profile '${name}' in ${file} has no "url".`);
  return found;
}

function fillFromDev(given: Given, directory: string): Given {
  if (!existsSync(directory)) return given;
  const { port } = readJsonFile<{ port?: number }>(join(directory, "server.json")) ?? {};
  const { adminToken } = readJsonFile<{ adminToken?: string }>(join(directory, "secrets.json")) ?? {};
  const { readWriteKey } = readJsonFile<Partial<DemoKeys>>(join(directory, "demo.json")) ?? {};
  const organization = given.organization ?? DEMO.organization;
  const isDemo = organization === DEMO.organization;
  const workspace = given.workspace ?? (isDemo ? DEMO.workspace : undefined);
  return {
    url: port === undefined ? DEV_URL : `http://127.0.0.1:${port}`,
    key: given.key ?? (isDemo && workspace === DEMO.workspace ? readWriteKey : undefined),
    adminToken: given.adminToken ?? adminToken,
    organization,
    workspace,
  };
}

function normalizeUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError(`'${text}' is not an http or https address.`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

const NEEDED = {
  key: "an API key: --key, SCHEMASTACK_KEY or a profile with it",
  adminToken: "the admin token: --admin-token or SCHEMASTACK_ADMIN_TOKEN, or a profile with it",
  organization: "an organization: --org or SCHEMASTACK_ORG",
  workspace: "a workspace: --workspace or SCHEMASTACK_WORKSPACE",
} as const;

/** Returns the settings that a command needs. Throws OperatorError, which names all missing ones. */
export function requireSettings<Name extends keyof typeof NEEDED>(
  settings: Settings,
  ...names: readonly Name[]
): Record<Name, string> {
  const missing = names.filter((name) => !settings[name]);
  if (missing.length > 0) throw usageError(`Missing ${missing.map((name) => NEEDED[name]).join("; ")}.`);
  const values = names.map((name) => [name, settings[name]]);
  return Object.fromEntries(values) as Record<Name, string>;
}
