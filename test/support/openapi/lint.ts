import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Problems that Redocly's linter finds with its recommended rules, warnings included. */
export function lint(document: object): string[] {
  const directory = mkdtempSync(join(tmpdir(), "redocly-test-"));
  try {
    const file = join(directory, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const output = run(["redocly", "lint", file, "--extends=recommended", "--format=json"]);
    return JSON.parse(output).problems.map(({ ruleId, message, location }: Problem) => {
      return `${ruleId}: ${message} at ${location[0]?.pointer}`;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Problem {
  readonly ruleId: string;
  readonly message: string;
  readonly location: readonly { readonly pointer: string }[];
}

/** What a command prints, also when it fails. */
function run(command: string[]): string {
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  try {
    return execFileSync("npx", command, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (failure) {
    return (failure as { stdout: string }).stdout;
  }
}
