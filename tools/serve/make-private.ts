import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../runtime/make-directory.ts";

const NOBODY_ELSE = 0o077;
const [PRIVATE_DIRECTORY, PRIVATE_FILE] = [0o700, 0o600];

/** Makes a directory, its files and everything that this process will write readable for their owner only. */
export function makePrivate(directory: string): void {
  process.umask(NOBODY_ELSE);
  makeDirectory(directory);
  chmodSync(directory, PRIVATE_DIRECTORY);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(directory, entry.name), PRIVATE_FILE);
  }
}
