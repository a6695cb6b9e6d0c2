import { join } from "node:path";
import { startStack } from "../stack.ts";
import {
  createWorkspace,
  type Dimension,
  type GrowingWorkspace,
  measureGrowth,
  type Send,
} from "./dimension.ts";

const COUNTS = [1, 10, 100, 1_000];
const RECORDS = 100;
const COLUMNS = ["title", "author", "shelf"].map((name) => ({ name, type: "VARCHAR" }));
const record = (_: unknown, i: number) => ({ title: `Title ${i}`, author: "Author", shelf: "A" });

/** A database and a Worker for each number of workspaces, each workspace with one entity and a key of its own. */
export async function growWorkspaces(directory: string, rounds: number): Promise<Dimension> {
  const gets = new Map<number, Send>();
  const lists = new Map<number, Send>();
  const creates = new Map<number, Send>();
  const others = new Map<number, Send>();
  const added = new Map<number, Send>();
  const dropped = new Map<number, Send>();
  for (const count of COUNTS) {
    const { baseUrl } = await startStack(join(directory, `workspaces${count}`));
    const all: GrowingWorkspace[] = [];
    for (let i = 0; i < count; i++) all.push(await fillWorkspace(baseUrl, `workspace${i}`));
    const [first] = all;
    if (!first) continue;
    let next = 0;
    gets.set(count, () => first.data("GET", "/Book/1"));
    lists.set(count, () => first.data("GET", "/Book"));
    creates.set(count, () => first.data("POST", "/Book", record(undefined, 0)));
    others.set(count, async () => all[next++ % count]?.data("GET", "/Book/1"));
    const columns = "/entities/Book/columns";
    let [addition, drop] = [0, 0];
    added.set(count, () => first.admin("POST", columns, { name: `field${++addition}`, type: "VARCHAR" }));
    dropped.set(count, () => first.admin("DELETE", `${columns}/field${++drop}?confirm=field${drop}`));
    console.log(`A database of ${count} workspaces is there`);
  }
  return measureGrowth(
    { name: "workspaces", title: "Latency by workspaces in a database", xLabel: "workspaces", rounds },
    {
      "get by id": gets,
      "20 of 100, with total": lists,
      create: creates,
      "get, each of another workspace": others,
      "a column added": added,
      "a column dropped": dropped,
    },
  );
}

async function fillWorkspace(baseUrl: string, slug: string): Promise<GrowingWorkspace> {
  const workspace = await createWorkspace(baseUrl, slug);
  await workspace.admin("POST", "/entities", { name: "Book", columns: COLUMNS });
  await workspace.data("POST", "/Book/bulk?atomic=true", Array.from({ length: RECORDS }, record));
  return workspace;
}
