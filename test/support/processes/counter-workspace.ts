import { send, type WholeAnswer } from "./send.ts";

export const ADMIN_TOKEN = "fault-test-admin-token-of-32-characters";

export interface CounterWorkspace {
  /** Creates a record with this name. Undefined if there is no response, or only a part of one. */
  create(name: string): Promise<WholeAnswer | undefined>;
  read(): Promise<WholeAnswer | undefined>;
  /** The streaming response of an export. */
  export(query: string): Promise<Response>;
  /** Names of all records. */
  names(): Promise<readonly string[]>;
}

/** A workspace of the real Worker with one entity, `Entry`, whose `name` is unique. */
export async function makeCounterWorkspace(baseUrl: string): Promise<CounterWorkspace> {
  const admin = async (path: string, body: object) => {
    const url = `${baseUrl}/admin/v1/organizations${path}`;
    const answer = await send(url, { method: "POST", token: ADMIN_TOKEN, body });
    if (answer?.status !== 201) throw new Error(`${path} answered ${answer?.status}`);
    return JSON.parse(answer.text).data;
  };
  await admin("", { slug: "o", name: "O" });
  await admin("/o/workspaces", { slug: "w", name: "W" });
  const columns = [{ name: "name", type: "VARCHAR", nullable: false, unique: true }];
  await admin("/o/workspaces/w/entities", { name: "Entry", columns });
  const { key } = await admin("/o/workspaces/w/api-keys", { name: "k", permission: "READ_WRITE" });
  const path = `${baseUrl}/api/v1/o/w/Entry`;
  const exportAll = async (query: string) => {
    const response = await fetch(`${path}/export?${query}`, { headers: { authorization: `Bearer ${key}` } });
    if (response.status !== 200) throw new Error(`export answered ${response.status}`);
    return response;
  };
  return {
    create: (name) => send(path, { method: "POST", token: key, body: { name } }),
    read: () => send(`${path}?size=1`, { method: "GET", token: key }),
    export: exportAll,
    async names() {
      const lines = (await (await exportAll("format=ndjson&fields=name")).text()).trim().split("\n");
      return lines.filter((line) => line !== "").map((line) => (JSON.parse(line) as { name: string }).name);
    },
  };
}
