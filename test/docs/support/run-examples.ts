import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findFreePort, startServe } from "../../support/processes/serve-process.ts";

const CLI = fileURLToPath(new URL("../../../tools/cli/main.ts", import.meta.url));
/** The address that the documents show, which is that of `npm run dev`. */
const ADDRESS = "http://127.0.0.1:8787";
/** Placeholders of the documents, each with the pattern of its value in the output so far. */
const SECRETS = { "admin_…": /(admin_\S+)/g, "sk_live_…": /(?:Demo key +|"key":")(sk_live_[\w-]+)/g };

export interface Example {
  readonly command: string;
  /** `…` stands for any text. */
  readonly answer: string;
}

/** Reads the commands of a document: a `sh` block is one command, a `console` block has a prompt before each. */
export function readExamples(file: string): readonly Example[] {
  const markdown = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), "utf8");
  const blocks = [...markdown.matchAll(/^```(sh|console)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, text = ""]) => {
    if (language === "sh") return [{ command: text, answer: "" }];
    const examples = [...text.matchAll(/^\$ (.*(?:\n {2,}.*)*)\n?((?:(?!\$ ).*\n)*)/gm)];
    return examples.map(([, command = "", answer = ""]) => ({ command, answer: answer.trim() }));
  });
}

/** Tells whether curl knows `--json` and `%header{…}`. */
export function hasCurl(): boolean {
  const { stdout } = spawnSync("curl", ["--version"], { encoding: "utf8" });
  const [, major, minor] = /^curl (\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 83);
}

/** Matches the output that a document shows for a command. */
export const patternOf = ({ answer }: Example): RegExp =>
  new RegExp(`^${answer.split("…").map(RegExp.escape).join("[^]*")}$`);

export type Newcomer = Awaited<ReturnType<typeof startNewcomer>>;

/** Starts `npm run dev`, and a shell in an empty directory that keeps its variables from command to command. */
export async function startNewcomer() {
  const directory = mkdtempSync(join(tmpdir(), "examples-test-"));
  writeFileSync(join(directory, "variables.sh"), "");
  writeFileSync(join(directory, "package.json"), JSON.stringify({ scripts: { cli: `node ${CLI}` } }));
  const server = startServe(join(directory, "data"), await findFreePort(), {}, [
    process.execPath,
    "tools/dev.ts",
  ]);
  await server.waitFor("curl -g");
  let printed = server.output();

  function fillIn(command: string): string {
    const secrets = Object.entries(SECRETS).map(
      ([placeholder, pattern]) => [placeholder, [...printed.matchAll(pattern)].at(-1)?.[1]] as const,
    );
    return [[ADDRESS, server.baseUrl] as const, ...secrets].reduce(
      (text, [placeholder, value]) => text.replaceAll(placeholder, value ?? placeholder),
      command,
    );
  }

  return {
    directory,
    /** Runs a command and returns what it prints. */
    async run(command: string): Promise<string> {
      const script = `set -a\n. ./variables.sh\n${fillIn(command)}\nexport -p > variables.sh`;
      const { stdout } = await promisify(execFile)("bash", ["-c", script], {
        cwd: directory,
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
      });
      printed += stdout;
      return stdout.replaceAll("\r\n", "\n").trim();
    },
    async stop(): Promise<void> {
      server.child.kill("SIGTERM");
      await server.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
