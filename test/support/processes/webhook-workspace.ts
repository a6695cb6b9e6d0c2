import { expect } from "vitest";
import { send, type WholeAnswer } from "./send.ts";

/** A webhook and its entity `Counter` in a workspace of the real Worker, over HTTP. */
export interface WebhookWorkspace {
  readonly secret: string;
  /** Undefined if there is no response, or only a part of one. */
  write(method: string, path: string, body?: object): Promise<WholeAnswer | undefined>;
  /** Values of all records by id. */
  values(): Promise<ReadonlyMap<number, number>>;
}

interface WebhookReceiver {
  readonly adminToken: string;
  readonly receiverUrl: string;
  /** Generated when absent. */
  readonly secret?: string;
}

const COLUMNS = [
  { name: "value", type: "INTEGER", nullable: false, constraints: [{ type: "MIN", value: 0 }] },
];

export async function makeWebhookWorkspace(
  baseUrl: string,
  { adminToken, receiverUrl, ...given }: WebhookReceiver,
): Promise<WebhookWorkspace> {
  const admin = async (path: string, body: object) => {
    const url = `${baseUrl}/admin/v1/organizations${path}`;
    const answer = await send(url, { method: "POST", token: adminToken, body });
    if (answer?.status !== 201) throw new Error(`${path} answered ${answer?.status} ${answer?.text}`);
    return JSON.parse(answer.text).data;
  };
  await admin("", { slug: "o", name: "O" });
  await admin("/o/workspaces", { slug: "w", name: "W" });
  await admin("/o/workspaces/w/entities", { name: "Counter", columns: COLUMNS });
  const key = { name: "k", permission: "READ_WRITE" };
  const token = (await admin("/o/workspaces/w/api-keys", key)).key as string;
  const events = ["record.created", "record.updated", "record.deleted"];
  const webhook = { name: "all", url: receiverUrl, events, ...given };
  const { secret } = await admin("/o/workspaces/w/webhooks", webhook);
  const records = `${baseUrl}/api/v1/o/w/Counter`;
  return {
    secret,
    write: (method, path, body) => send(records + path, { method, token, body }),
    async values() {
      const answer = await send(`${records}/export?format=ndjson`, { method: "GET", token });
      expect(answer?.status).toBe(200);
      const lines = (answer?.text ?? "").split("\n").filter((line) => line !== "");
      return new Map(lines.map((line) => JSON.parse(line)).map((record) => [record.id, record.value]));
    },
  };
}
