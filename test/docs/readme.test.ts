import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";

/* A newcomer with the README: `npm run dev`, then every example in turn, and each answer is the one that it shows. */

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const ADDRESS = "http://127.0.0.1:8787";
/** Of the text that the server and the examples have printed: what takes the place of `admin_…` and `sk_live_…`. */
const SECRETS = { "admin_…": /(admin_\S+)/g, "sk_live_…": /(?:Demo key +|"key":")(sk_live_[\w-]+)/g };

interface Example {
  readonly command: string;
  /** `…` stands for any text. */
  readonly answer: string;
}

/** Of a block with prompts, each command with what follows it; a block without any is a command without an answer. */
function readExamples(markdown: string): readonly Example[] {
  const blocks = [...markdown.matchAll(/^```(sh|console)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, text = ""]) => {
    if (language === "sh") return [{ command: text, answer: "" }];
    const examples = [...text.matchAll(/^\$ (.*(?:\n {2,}.*)*)\n?((?:(?!\$ ).*\n)*)/gm)];
    return examples.map(([, command = "", answer = ""]) => ({ command, answer: answer.trim() }));
  });
}

/** Whether there is one with `--json` and `%header{…}`. */
function hasCurl(): boolean {
  const { stdout } = spawnSync("curl", ["--version"], { encoding: "utf8" });
  const [, major, minor] = /^curl (\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 83);
}

describe.runIf(hasCurl())("the README's examples", () => {
  const examples = readExamples(readFileSync(README, "utf8")).filter(
    ({ command }) => !command.startsWith("claude "),
  );
  let directory = "";
  let server: ServeProcess;
  let printed = "";

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "readme-test-"));
    writeFileSync(join(directory, "variables.sh"), "");
    server = startServe(join(directory, "data"), await findFreePort(), {}, [
      process.execPath,
      "tools/dev.ts",
    ]);
    await server.waitFor("curl -g");
    printed = server.output();
  });

  afterAll(async () => {
    server.child.kill("SIGTERM");
    await server.exited;
    rmSync(directory, { recursive: true, force: true });
  });

  /** In a shell that knows the variables of those before it. What it prints, as a terminal shows it. */
  async function run(command: string): Promise<string> {
    const script = `set -a\n. ./variables.sh\n${fillIn(command)}\nexport -p > variables.sh`;
    const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: directory });
    printed += stdout;
    return stdout.replaceAll("\r\n", "\n").trim();
  }

  function fillIn(command: string): string {
    const secrets = Object.entries(SECRETS).map(
      ([placeholder, pattern]) => [placeholder, [...printed.matchAll(pattern)].at(-1)?.[1]] as const,
    );
    return [[ADDRESS, server.baseUrl] as const, ...secrets].reduce(
      (text, [placeholder, value]) => text.replaceAll(placeholder, value ?? placeholder),
      command,
    );
  }

  it("are found", () => expect(examples.length).toBeGreaterThan(20));

  it.each(examples)("$command", async ({ command, answer }) => {
    const parts = answer.split("…").map((part) => RegExp.escape(part));
    expect(await run(command)).toMatch(new RegExp(`^${parts.join("[^]*")}$`));
  });
});
