import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "./make-directory.ts";

export interface LoadedSecrets {
  readonly adminToken: string;
  /** True when this start made the admin token. */
  readonly isAdminTokenNew: boolean;
  readonly webhookSecretKey: string;
  readonly tokenSecretKey: string;
}

type KeptSecrets = Partial<Omit<LoadedSecrets, "isAdminTokenNew">>;

/**
 * The secrets of a local server: from the environment, else those of DATA_DIR/secrets.json, which is written (mode 0600)
 * by the first start that needs it.
 */
export function loadSecrets(directory: string, env: NodeJS.ProcessEnv): LoadedSecrets {
  const file = join(directory, "secrets.json");
  const kept = readJsonFile<KeptSecrets>(file) ?? {};
  const adminToken = env.ADMIN_TOKEN || kept.adminToken || `admin_${newSecret()}`;
  const webhookSecretKey = env.WEBHOOK_SECRET_KEY || kept.webhookSecretKey || newSecret();
  const tokenSecretKey = env.TOKEN_SECRET_KEY || kept.tokenSecretKey || newSecret();
  const made: KeptSecrets = {
    ...(!env.ADMIN_TOKEN && { adminToken }),
    ...(!env.WEBHOOK_SECRET_KEY && { webhookSecretKey }),
    ...(!env.TOKEN_SECRET_KEY && { tokenSecretKey }),
  };
  const isComplete = Object.entries(made).every(([name, value]) => kept[name as keyof KeptSecrets] === value);
  if (!isComplete) writePrivateJson(file, { ...kept, ...made });
  const isAdminTokenNew = !env.ADMIN_TOKEN && !kept.adminToken;
  return { adminToken, isAdminTokenNew, webhookSecretKey, tokenSecretKey };
}

const newSecret = (): string => randomBytes(24).toString("base64url");

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
  makeDirectory(dirname(file));
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
