import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

const PRIVATE = 0o700;

/**
 * Makes a directory and those above it, for their owner only, where they are missing. Throws what the system says.
 * `mkdirSync` with `recursive` never ends below `/proc`.
 */
export function makeDirectory(path: string): void {
  const directory = resolve(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: PRIVATE });
}
