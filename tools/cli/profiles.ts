import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isJsonObject } from "../../src/model/json.ts";
import { makeDirectory } from "../runtime/make-directory.ts";
import { usageError } from "./exit-codes.ts";

/** Address, credentials and defaults of one deployment. */
export interface Profile {
  readonly url?: string;
  readonly key?: string;
  readonly adminToken?: string;
  readonly organization?: string;
  readonly workspace?: string;
}

export type Profiles = Readonly<Record<string, Profile>>;

/** The file of profiles, which only its owner can read. */
export const profilesFileOf = ({ HOME }: NodeJS.ProcessEnv): string =>
  join(HOME || homedir(), ".config/schemastack/config.json");

/** Returns no profiles when there is no file. Throws OperatorError for a file of another form. */
export function readProfiles(file: string): Profiles {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    if (!(error instanceof SyntaxError)) throw error;
  }
  const profiles = isJsonObject(config) ? (config.profiles ?? {}) : undefined;
  if (!isJsonObject(profiles) || !Object.values(profiles).every(isJsonObject)) {
    throw usageError(`${file} must hold {"profiles": {"name": {"url": "…"}}}.`);
  }
  return profiles as Profiles;
}

/** Replaces the profiles and keeps the rest of the file. */
export function writeProfiles(file: string, profiles: Profiles): void {
  const known = readConfig(file);
  makeDirectory(dirname(file));
  writeFileSync(file, `${JSON.stringify({ ...known, profiles }, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function readConfig(file: string): object {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as object;
  } catch {
    return {};
  }
}

/** Returns the profile of that name. Throws OperatorError if there is none. */
export function requireProfile(file: string, name: string): Profile {
  const profiles = readProfiles(file);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile) return profile;
  const names = Object.keys(profiles).join(", ");
  throw usageError(
    `There is no profile '${name}' in ${file}. ${names ? `It has ${names}.` : "It has none."}`,
  );
}
