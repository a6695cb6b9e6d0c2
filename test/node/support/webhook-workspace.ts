import { expect } from "vitest";

/** Of which all has come. */
interface Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
}

/** A webhook and its entity `Counter` in a workspace of the real Worker, over HTTP. */
export interface WebhookWorkspace {
  readonly secret: string;
  /** Undefined when there is no answer, or only a part of one. */
  write(method: string, path: string, body?: object): Promise<Answer | undefined>;
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
  const ask = async (
    method: string,
    path: string,
    { token, body }: { token: string; body?: object },
  ): Promise<Answer | undefined> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
    try {
      const response = await fetch(baseUrl + path, init);
      const { status, ok } = response;
      return { status, ok, text: await response.text() };
    } catch {
      return undefined;
    }
  };
  const admin = async (method: string, path: string, body?: object) => {
    const asking = body ? { token: adminToken, body } : { token: adminToken };
    const answer = await ask(method, `/admin/v1/organizations${path}`, asking);
    if (!answer?.ok) throw new Error(`${method} ${path} answered ${answer?.status} ${answer?.text}`);
    return JSON.parse(answer.text);
  };
  await admin("POST", "", { slug: "o", name: "O" });
  await admin("POST", "/o/workspaces", { slug: "w", name: "W" });
  await admin("POST", "/o/workspaces/w/entities", { name: "Counter", columns: COLUMNS });
  const key = { name: "k", permission: "READ_WRITE" };
  const token = (await admin("POST", "/o/workspaces/w/api-keys", key)).data.key as string;
  const events = ["record.created", "record.updated", "record.deleted"];
  const webhook = { name: "all", url: receiverUrl, events, ...given };
  const { secret } = (await admin("POST", "/o/workspaces/w/webhooks", webhook)).data;
  return {
    secret,
    write: (method, path, body) =>
      ask(method, `/api/v1/o/w/Counter${path}`, body ? { token, body } : { token }),
    async values() {
      const answer = await ask("GET", "/api/v1/o/w/Counter/export?format=ndjson", { token });
      expect(answer?.status).toBe(200);
      const lines = (answer?.text ?? "").split("\n").filter((line) => line !== "");
      return new Map(lines.map((line) => JSON.parse(line)).map((record) => [record.id, record.value]));
    },
  };
}
