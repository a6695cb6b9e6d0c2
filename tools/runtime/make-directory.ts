import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

const PRIVATE = 0o700;

/**
 * Makes a directory and those above it, for their owner only, where they are missing. Throws the system's error.
 * `mkdirSync` with `recursive` never ends below `/proc`.
 */
export function makeDirectory(path: string): void {
  const directory = resolve(path);
  if (isDirectory(directory)) return;
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: PRIVATE });
  } catch (error) {
    /* Another process may have made it meanwhile. */
    if (!isDirectory(directory)) throw error;
  }
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
