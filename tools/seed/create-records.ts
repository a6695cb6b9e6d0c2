import { OperatorError } from "../runtime/operator-error.ts";
import type { SeedRecord } from "./air-data.ts";
import type { ApiClient } from "./api-client.ts";

const BULK_SIZE = 100;
const PAGE_SIZE = 1000;

/** Creates those of the records that do not exist yet, by their ids. Throws OperatorError if the API refuses. */
export async function createMissingRecords(
  client: ApiClient,
  path: string,
  records: readonly SeedRecord[],
  report: (done: number) => void,
): Promise<void> {
  const present = await listIds(client, path);
  const missing = records.filter(({ id }) => !present.has(id));
  const before = records.length - missing.length;
  for (let start = 0; start < missing.length; start += BULK_SIZE) {
    const items = missing.slice(start, start + BULK_SIZE);
    await client.require("POST", `${path}/bulk?atomic=true`, items);
    report(before + start + items.length);
  }
}

async function listIds(client: ApiClient, path: string): Promise<ReadonlySet<number>> {
  const ids = new Set<number>();
  for (let page = 0; ; page++) {
    const { status, body } = await client.send("GET", `${path}?fields=id&size=${PAGE_SIZE}&page=${page}`);
    if (status !== 200) throw new OperatorError(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    for (const { id } of body.data as { id: number }[]) ids.add(id);
    if (page + 1 >= (body.meta?.totalPages ?? 0)) return ids;
  }
}
