import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface LoadedSecrets {
  readonly adminToken: string;
  /** True when this start made the admin token. */
  readonly isAdminTokenNew: boolean;
}

/**
 * The admin token of a local server: from the environment, else that of DATA_DIR/secrets.json, which is written
 * (mode 0600) by the first start.
 */
export function loadSecrets(directory: string, env: NodeJS.ProcessEnv): LoadedSecrets {
  if (env.ADMIN_TOKEN) return { adminToken: env.ADMIN_TOKEN, isAdminTokenNew: false };
  const file = join(directory, "secrets.json");
  const kept = readJsonFile<{ readonly adminToken?: string }>(file)?.adminToken;
  if (kept) return { adminToken: kept, isAdminTokenNew: false };
  const adminToken = `admin_${randomBytes(24).toString("base64url")}`;
  writePrivateJson(file, { adminToken });
  return { adminToken, isAdminTokenNew: true };
}

/** Undefined when the file does not exist. */
export function readJsonFile<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`Cannot read ${file}`, { cause: error });
  }
}

/** Replaces the file in one step, so that a killed process leaves the old or the new one. */
export function writePrivateJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
