import { EVENT_COLUMNS, fillEvents } from "../event-records.ts";
import type { Stack } from "../stack.ts";
import { createWorkspace, type Dimension, measureGrowth, type Send } from "./dimension.ts";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];

/** An entity for each number of records, all in one workspace. */
export async function growRecords(
  { baseUrl, database }: Stack,
  { rounds, maxRecords }: { readonly rounds: number; readonly maxRecords: number },
): Promise<Dimension> {
  const { admin, data } = await createWorkspace(baseUrl, "records");
  const sizes = SIZES.filter((size) => size <= maxRecords);
  for (const size of sizes) {
    await admin("POST", "/entities", {
      name: `Event${size}`,
      tableName: `events${size}`,
      columns: EVENT_COLUMNS,
    });
    await fillEvents(database, `w1_events${size}`, size);
  }
  const bySize = (sendOf: (entity: string, size: number) => Send) =>
    new Map(sizes.map((size) => [size, sendOf(`/Event${size}`, size)]));
  const get = (path: string) => () => data("GET", path);
  const event = { code: "new", happenedAt: "2026-01-01T00:00:00.000Z", amount: 1.5 };
  return measureGrowth(
    { name: "records", title: "Latency by records in an entity", xLabel: "records", rounds },
    {
      "get by id": bySize((entity, size) => get(`${entity}/${size / 2}`)),
      "20 of all, with total": bySize((entity) => get(entity)),
      "20, sorted by an index": bySize((entity) => get(`${entity}?sort=happenedAt,desc`)),
      "10 by an indexed filter, total": bySize((entity) => get(`${entity}?filter[code]=code%2050`)),
      create: bySize((entity) => () => data("POST", entity, event)),
      update: bySize((entity, size) => () => data("PUT", `${entity}/${size / 2}`, { amount: 2 })),
    },
  );
}
