import { createApiClient } from "../../../tools/seed/api-client.ts";
import { alternate, type Latency } from "../alternate.ts";
import { ADMIN_TOKEN } from "../stack.ts";

/** Sends one request. Throws unless it succeeds. */
export type Send = () => Promise<unknown>;

export interface Dimension {
  /** The name in files and charts: `records`. */
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly lines: readonly {
    readonly operation: string;
    readonly points: readonly ({ readonly x: number } & Latency)[];
  }[];
}

/** Every operation in turn at every size. */
export async function measureGrowth(
  { rounds, ...described }: Pick<Dimension, "name" | "title" | "xLabel"> & { readonly rounds: number },
  operations: Readonly<Record<string, ReadonlyMap<number, Send>>>,
): Promise<Dimension> {
  const lines: Dimension["lines"][number][] = [];
  for (const [operation, sends] of Object.entries(operations)) {
    for (const send of sends.values()) await send();
    const runs = Object.fromEntries([...sends].map(([x, send]) => [String(x), send]));
    const latencies = await alternate(rounds, runs);
    lines.push({
      operation,
      points: Object.entries(latencies).map(([x, latency]) => ({ x: Number(x), ...latency })),
    });
    console.log(`${described.title}: ${operation}`);
  }
  return { ...described, lines };
}

export interface GrowingWorkspace {
  readonly admin: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly data: (method: string, path: string, body?: unknown) => Promise<unknown>;
}

const ORGANIZATION = "growth";
const CONFLICT = 409;

/** A workspace with a key; `admin` and `data` send below its addresses and throw unless they succeed. */
export async function createWorkspace(baseUrl: string, slug: string): Promise<GrowingWorkspace> {
  const client = createApiClient(baseUrl, ADMIN_TOKEN);
  const organizations = "/admin/v1/organizations";
  await client.require("POST", organizations, { slug: ORGANIZATION, name: "Growth" }, [CONFLICT]);
  const workspaces = `${organizations}/${ORGANIZATION}/workspaces`;
  await client.require("POST", workspaces, { slug, name: slug });
  const admin: GrowingWorkspace["admin"] = (method, path, body) =>
    client.require(method, `${workspaces}/${slug}${path}`, body);
  const created = await admin("POST", "/api-keys", { name: "bench", permission: "READ_WRITE" });
  const caller = createApiClient(baseUrl, (created as { key: string }).key);
  return {
    admin,
    data: (method, path, body) => caller.require(method, `/api/v1/${ORGANIZATION}/${slug}${path}`, body),
  };
}
