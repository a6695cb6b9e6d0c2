import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const varied = new Set<string>();

/** A setting from the environment; `standard` if it is absent. */
export const readSetting = (name: string, standard: string): string =>
  chooseSetting(name, process.env[name] || standard, standard);

/** The same setting. When it is not the standard one, the results of this run are not published. */
export function chooseSetting(name: string, text: string, standard: string): string {
  if (text !== standard) varied.add(name);
  return text;
}

export const readNumber = (name: string, standard: number): number =>
  Number(readSetting(name, String(standard)));

/**
 * Writes files of bench/results by name, except for runs with other settings, which must not replace the published
 * ones.
 */
export function publishResults(files: Readonly<Record<string, string>>, directory = RESULTS): void {
  if (varied.size > 0) {
    console.error(`Not written to ${directory}, because of other settings: ${[...varied].join(", ")}.`);
    return;
  }
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
}
