export const ADMIN_TOKEN = "fault-test-admin-token";

export interface CounterWorkspace {
  /** Creates a record named so. Undefined when there is no answer at all. */
  create(name: string): Promise<Response | undefined>;
  read(): Promise<Response | undefined>;
  /** The streaming answer of an export. */
  export(query: string): Promise<Response>;
  /** Names of all records. */
  names(): Promise<readonly string[]>;
}

/** A workspace of the real Worker with one entity, `Entry`, whose `name` is unique. */
export async function makeCounterWorkspace(baseUrl: string): Promise<CounterWorkspace> {
  const admin = async (path: string, body: object) => {
    const response = await send(`${baseUrl}/admin/v1/organizations${path}`, ADMIN_TOKEN, body);
    if (response?.status !== 201) throw new Error(`${path} answered ${response?.status}`);
    const { data } = (await response.json()) as { data: { key: string } };
    return data;
  };
  await admin("", { slug: "o", name: "O" });
  await admin("/o/workspaces", { slug: "w", name: "W" });
  const columns = [{ name: "name", type: "VARCHAR", nullable: false, unique: true }];
  await admin("/o/workspaces/w/entities", { name: "Entry", columns });
  const { key } = await admin("/o/workspaces/w/api-keys", { name: "k", permission: "READ_WRITE" });
  const path = `${baseUrl}/api/v1/o/w/Entry`;
  const exportAll = async (query: string) => {
    const response = await send(`${path}/export?${query}`, key);
    if (response?.status !== 200) throw new Error(`export answered ${response?.status}`);
    return response;
  };
  return {
    create: (name) => send(path, key, { name }),
    read: () => send(`${path}?size=1`, key),
    export: exportAll,
    async names() {
      const lines = (await (await exportAll("format=ndjson&fields=name")).text()).trim().split("\n");
      return lines.filter((line) => line !== "").map((line) => (JSON.parse(line) as { name: string }).name);
    },
  };
}

async function send(url: string, token: string, body?: object): Promise<Response | undefined> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  return fetch(url, request).catch(() => undefined);
}
