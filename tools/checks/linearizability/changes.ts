import { setTimeout as sleep } from "node:timers/promises";
import { type Answered, type Change, type Hammered, hammer, type Sent, type State } from "./hammer.ts";
import type { Key, TwoWorkers } from "./two-workers.ts";

/* Changes that every later request must obey. Each is made `rounds` times, back and forth if possible. */

type Work = (workers: TwoWorkers, rounds: number) => Promise<Hammered>;

const readsOf = (path: string): readonly Sent[] => [
  { method: "GET", path: `${path}/Fixed` },
  { method: "GET", path: `${path}/Fixed/1` },
  { method: "GET", path: `${path}/Fixed/1?fields=id` },
  { method: "GET", path: `${path}/Fixed/aggregate?measure=count` },
  { method: "GET", path: `${path}/Fixed/export?format=ndjson` },
];
const writesOf = (path: string, body: object = {}): readonly Sent[] => [
  { method: "POST", path: `${path}/Note`, body },
  { method: "POST", path: `${path}/Note/bulk`, body: [body] },
  {
    method: "POST",
    path: `${path}/transaction`,
    body: { operations: [{ method: "POST", entity: "Note", body }] },
  },
  { method: "PUT", path: `${path}/Fixed/1`, body: { text: "x" } },
];
const toolOf = (path: string, name: string, args: object): Sent => ({
  method: "POST",
  path: path.replace("/api/v1", "/mcp"),
  body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } },
});
const readingToolOf = (path: string) => toolOf(path, "get", { entity: "Fixed", id: 1 });
const writingToolOf = (path: string) => toolOf(path, "create", { entity: "Note", record: {} });

/** Tools report errors in a response with status 200. */
const isToolError = ({ text }: Answered) => text.includes('"isError":true');
const isGood = (answer: Answered) => answer.status < 300 && !isToolError(answer);
const all = (path: string) => [...readsOf(path), ...writesOf(path), readingToolOf(path), writingToolOf(path)];

/** Everything works, or everything is refused with one status. */
const whole = ({ workspace }: Pick<TwoWorkers, "workspace">, token: string, status?: number): State => ({
  token,
  requests: all(workspace.path),
  holds: (answer) => (status === undefined ? isGood(answer) : answer.status === status),
});

/** Some requests work, and the others are refused with one status. */
const partly = (
  token: string,
  allowed: readonly Sent[],
  refused: readonly Sent[],
  status: number,
): State => ({
  token,
  requests: [...allowed, ...refused],
  holds: (answer, sent) =>
    allowed.includes(sent) ? isGood(answer) : answer.status === status || isToolError(answer),
});

const readOnly = ({ workspace: { path } }: TwoWorkers, token: string, status: number) =>
  partly(token, [...readsOf(path), readingToolOf(path)], [...writesOf(path), writingToolOf(path)], status);

const patchKey = ({ admin, workspace }: TwoWorkers, { id }: Key, body: object) =>
  admin.require("PATCH", `${workspace.adminPath}/api-keys/${id}`, body);

/** Changes a setting back and forth, with a new key. */
const toggle =
  (to: (workers: TwoWorkers, key: string) => State, there: object, back: object): Work =>
  async (workers, rounds) => {
    const key = await workers.makeKey();
    return hammer(workers, whole(workers, key.key), async (change) => {
      for (let round = 0; round < rounds; round++) {
        await change(to(workers, key.key), () => patchKey(workers, key, there));
        await change(whole(workers, key.key), () => patchKey(workers, key, back));
      }
    });
  };

/** A key that ends in each round. The next round has another. */
const ending =
  (end: (workers: TwoWorkers, key: Key) => Promise<unknown>): Work =>
  async (workers, rounds) => {
    let key = await workers.makeKey();
    return hammer(workers, whole(workers, key.key), async (change) => {
      for (let round = 0; round < rounds; round++) {
        await change(whole(workers, key.key, 401), () => end(workers, key));
        key = await workers.makeKey();
        await change(whole(workers, key.key));
      }
    });
  };

const setWorkspace = (there: object, back: object, to: (workers: TwoWorkers) => State): Work =>
  async function set(workers, rounds) {
    const { admin, workspace } = workers;
    const patch = (body: object) => admin.require("PATCH", workspace.adminPath, body);
    return hammer(workers, whole(workers, workspace.key), async (change) => {
      for (let round = 0; round < rounds; round++) {
        await change(to(workers), () => patch(there));
        await change(whole(workers, workspace.key), () => patch(back));
      }
    });
  };

async function rotate(workers: TwoWorkers, rounds: number): Promise<Hammered> {
  const { admin, workspace, syncKeys } = workers;
  let key = await workers.makeKey();
  return hammer(workers, whole(workers, key.key), async (change) => {
    for (let round = 0; round < rounds; round++) {
      const { id, key: old } = key;
      await change(whole(workers, old, 401), async () => {
        key = (await admin.require("POST", `${workspace.adminPath}/api-keys/${id}/rotate`, {})) as Key;
      });
      await syncKeys();
      await change(whole(workers, key.key));
    }
  });
}

async function renameColumn(workers: TwoWorkers, rounds: number): Promise<Hammered> {
  const { admin, workspace } = workers;
  const named = (name: string): State => ({
    token: workspace.key,
    requests: [
      ...readsOf(workspace.path).filter(({ path }) => !/fields|aggregate/.test(path)),
      { method: "PUT", path: `${workspace.path}/Fixed/1`, body: { [name]: "x" } },
      { method: "POST", path: `${workspace.path}/Fixed/bulk`, body: [{ [name]: 1 }] },
    ],
    holds: ({ status, text }, { path }) =>
      status === 200 && text.includes(path.endsWith("/bulk") ? `"field":"${name}"` : `"${name}":`),
  });
  const rename = (change: Change, from: string, to: string) =>
    change(named(to), () =>
      admin.require("PATCH", `${workspace.adminPath}/entities/Fixed/columns/${from}`, { name: to }),
    );
  return hammer(workers, named("text"), async (change) => {
    for (let round = 0; round < rounds; round++) {
      await rename(change, "text", "words");
      await rename(change, "words", "text");
    }
  });
}

async function dropEntity(workers: TwoWorkers, rounds: number): Promise<Hammered> {
  const { admin, workspace } = workers;
  const path = `${workspace.path}/Passing`;
  const is = (status: number): State => ({
    token: workspace.key,
    requests: [
      { method: "GET", path },
      { method: "GET", path: `${path}/aggregate?measure=count` },
      { method: "POST", path: `${path}/bulk`, body: [{}] },
    ],
    holds: (answer) => answer.status === status,
  });
  const create = () =>
    admin.require("POST", `${workspace.adminPath}/entities`, { name: "Passing", columns: [] });
  const drop = () => admin.require("DELETE", `${workspace.adminPath}/entities/Passing?confirm=Passing`);
  return hammer(workers, is(404), async (change) => {
    for (let round = 0; round < rounds; round++) {
      await change(is(200), create);
      await change(is(404), drop);
    }
  });
}

const GRACE_SECONDS = 1;
/** A Worker's clock and ours are the same here; the database's comparison is to the millisecond. */
const CLOCK_STEP_MS = 50;
const soon = () => new Date(Date.now() + 200).toISOString();

/** Each round has a workspace of its own. */
async function dropWorkspace(workers: TwoWorkers, rounds: number): Promise<Hammered> {
  const { admin, makeWorkspace } = workers;
  let workspace = await makeWorkspace();
  return hammer(workers, whole({ workspace }, workspace.key), async (change) => {
    for (let round = 0; round < rounds; round++) {
      const { adminPath, workspace: confirm, key } = workspace;
      await change(whole({ workspace }, key, 401), () =>
        admin.require("DELETE", `${adminPath}?confirm=${confirm}`),
      );
      workspace = await makeWorkspace();
      await change(whole({ workspace }, workspace.key));
    }
  });
}

export const changes: Readonly<Record<string, Work>> = {
  "access mode": setWorkspace({ accessMode: "READ_ONLY" }, { accessMode: "ACTIVE" }, (workers) =>
    readOnly(workers, workers.workspace.key, 409),
  ),
  "MCP mode": setWorkspace({ mcpMode: "DISABLED" }, { mcpMode: "FULL" }, ({ workspace }) => ({
    token: workspace.key,
    requests: [readingToolOf(workspace.path), writingToolOf(workspace.path)],
    holds: ({ status }) => status === 403,
  })),
  "MCP mode to reading": setWorkspace({ mcpMode: "READ_ONLY" }, { mcpMode: "FULL" }, ({ workspace }) => {
    const { path, key } = workspace;
    return partly(key, [readingToolOf(path), ...writesOf(path)], [writingToolOf(path)], 403);
  }),
  revocation: ending(({ admin, workspace }, { id }) =>
    admin.require("DELETE", `${workspace.adminPath}/api-keys/${id}`),
  ),
  "rotation without grace": rotate,
  "end of a rotation's grace": ending(async ({ admin, workspace }, { id }) => {
    const body = { gracePeriodSeconds: GRACE_SECONDS };
    await admin.require("POST", `${workspace.adminPath}/api-keys/${id}/rotate`, body);
    await sleep(GRACE_SECONDS * 1000 + CLOCK_STEP_MS);
  }),
  expiry: ending(async (workers, key) => {
    const expiresAt = soon();
    await patchKey(workers, key, { expiresAt });
    await sleep(Date.parse(expiresAt) - Date.now() + CLOCK_STEP_MS);
  }),
  permission: toggle(
    (workers, key) => readOnly(workers, key, 403),
    { permission: "READ_ONLY" },
    { permission: "READ_WRITE" },
  ),
  "allowed addresses": toggle(
    (workers, key) => whole(workers, key, 403),
    { allowedIps: ["192.0.2.1"] },
    { allowedIps: null },
  ),
  scopes: toggle(
    ({ workspace: { path } }, token) => {
      const [creating, onFixed] = [[...writesOf(path)], [...readsOf(path), readingToolOf(path)]];
      onFixed.push(...creating.splice(-1));
      return partly(token, [...creating, writingToolOf(path)], onFixed, 403);
    },
    { scopes: [{ entity: "Note", operations: ["create"] }] },
    { scopes: null },
  ),
  "name of a column": renameColumn,
  "existence of an entity": dropEntity,
  "existence of a workspace": dropWorkspace,
};

/** Changes that wait for a clock. */
export const isSlow = (name: string): boolean => /grace|expiry/.test(name) && !name.includes("without");
