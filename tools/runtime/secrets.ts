import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Secrets {
  readonly adminToken: string;
  /** 32 bytes in base64: encrypts webhook secrets in the database. */
  readonly secretsKey: string;
}

export interface LoadedSecrets extends Secrets {
  /** True when this start made the admin token. */
  readonly isAdminTokenNew: boolean;
}

/**
 * The secrets of a local server: from the environment, else those of DATA_DIR/secrets.json, which is written
 * (mode 0600) by the first start.
 */
export function loadSecrets(directory: string, env: NodeJS.ProcessEnv): LoadedSecrets {
  const file = join(directory, "secrets.json");
  const kept = readJsonFile<Partial<Secrets>>(file) ?? {};
  const generated: Secrets = {
    adminToken: kept.adminToken ?? `admin_${randomBytes(24).toString("base64url")}`,
    secretsKey: kept.secretsKey ?? randomBytes(32).toString("base64"),
  };
  if (!kept.adminToken || !kept.secretsKey) writePrivateJson(file, generated);
  return {
    adminToken: env.ADMIN_TOKEN || generated.adminToken,
    secretsKey: env.SECRETS_KEY || generated.secretsKey,
    isAdminTokenNew: !env.ADMIN_TOKEN && !kept.adminToken,
  };
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
