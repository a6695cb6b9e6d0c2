import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";
import { makeWebhookWorkspace } from "../support/processes/webhook-workspace.ts";

/* Runs the receivers of docs/webhooks.md unchanged against deliveries of the real Worker. */

const ROOT = resolve(import.meta.dirname, "../..");
const ADMIN_TOKEN = "webhook-test-admin-token-of-32-characters";
const text = readFileSync(join(ROOT, "docs/webhooks.md"), "utf8");
const ALLOWED = { ALLOW_HTTP_WEBHOOKS: "true", ALLOW_PRIVATE_WEBHOOKS: "true" };

function exampleIn(language: string): string {
  const code = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(text)?.[1];
  if (!code) throw new Error(`docs/webhooks.md has no ${language}`);
  return code;
}

function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import sys; assert sys.version_info >= (3, 9)"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const examples = [
  { language: "typescript", command: process.execPath, file: "receiver.ts" },
  ...(hasPython() ? [{ language: "python", command: "python3", file: "receiver.py" }] : []),
];

let directory = "";
let server: ServeProcess;
beforeAll(async () => {
  mkdirSync(join(ROOT, ".data"), { recursive: true });
  directory = mkdtempSync(join(ROOT, ".data/webhook-test-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
});

async function startExample({ language, command, file }: (typeof examples)[number], secret: string) {
  const port = await findFreePort();
  writeFileSync(join(directory, file), exampleIn(language));
  const child = spawn(command, [join(directory, file)], {
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await expect.poll(() => printed, { timeout: 10_000 }).toContain("listening\n");
  return { child, url: `http://127.0.0.1:${port}/`, lines: () => printed.trim().split("\n").slice(1) };
}

describe.each(examples)("the receiver in $language", (example) => {
  it("accepts a genuine message once, and refuses tampered or old ones", async () => {
    const port = await findFreePort();
    server = startServe(join(directory, example.language), port, { ADMIN_TOKEN, ...ALLOWED });
    await server.waitFor("Ready on");
    const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
    const { child, url, lines } = await startExample(example, secret);
    try {
      const receiver = { adminToken: ADMIN_TOKEN, receiverUrl: url, secret };
      const workspace = await makeWebhookWorkspace(server.baseUrl, receiver);
      expect((await workspace.write("POST", "", { value: 7 }))?.status).toBe(201);
      await expect.poll(lines, { timeout: 10_000 }).toHaveLength(1);
      const [message] = lines().map((line) => JSON.parse(line));
      expect(message).toMatchObject({ type: "record.created", data: { record: { id: 1, value: 7 } } });

      const post = async (change: { body?: string; at?: Date; id?: string; signature?: string }) => {
        const { id = "msg_1", at = new Date(), body = '{"n":1}' } = change;
        const signature = change.signature ?? new Webhook(secret).sign(id, at, '{"n":1}');
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
          "webhook-signature": signature,
        };
        return (await fetch(url, { method: "POST", headers, body })).status;
      };
      const now = Date.now();
      expect(await post({ body: '{"n":2}' })).toBe(400);
      expect(await post({ at: new Date(now - 3_600_000) })).toBe(400);
      expect(await post({ at: new Date(now + 3_600_000) })).toBe(400);
      expect(await post({ signature: "v1,AAAA" })).toBe(400);
      expect(await post({ signature: "" })).toBe(400);
      expect(await post({})).toBe(204);
      expect(await post({})).toBe(204);
      expect(lines().slice(1)).toHaveLength(1);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
