import type { Stack } from "../stack.ts";
import { createWorkspace, type Dimension, measureGrowth, type Send } from "./dimension.ts";

/** To the contract's limit of columns in an entity. */
const COUNTS = [5, 10, 20, 50, 100, 200];
const RECORDS = 100;
const BULK_SIZE = 20;

/** An entity for each number of columns, texts and integers in turn. */
export async function growColumns({ baseUrl }: Stack, rounds: number): Promise<Dimension> {
  const { admin, data } = await createWorkspace(baseUrl, "columns");
  for (const count of COUNTS) {
    const columns = Array.from({ length: count }, (_, i) => ({ name: nameOf(i), type: typeOf(i) }));
    await admin("POST", "/entities", { name: `Wide${count}`, columns });
    for (let start = 0; start < RECORDS; start += BULK_SIZE) {
      const items = Array.from({ length: BULK_SIZE }, () => record(count));
      await data("POST", `/Wide${count}/bulk?atomic=true`, items);
    }
  }
  const byCount = (sendOf: (entity: string, count: number) => Send) =>
    new Map(COUNTS.map((count) => [count, sendOf(`/Wide${count}`, count)]));
  return measureGrowth(
    { name: "columns", title: "Latency by columns of an entity", xLabel: "columns", rounds },
    {
      "get by id": byCount((entity) => () => data("GET", `${entity}/1`)),
      "20 of 100, with total": byCount((entity) => () => data("GET", entity)),
      "20 of 100, 3 fields": byCount((entity) => () => data("GET", `${entity}?fields=id,field1,field2`)),
      create: byCount((entity, count) => () => data("POST", entity, record(count))),
      "update of 1 column": byCount((entity) => () => data("PUT", `${entity}/1`, { field1: "changed" })),
    },
  );
}

const nameOf = (index: number) => `field${index + 1}`;
const typeOf = (index: number) => (index % 2 === 0 ? "VARCHAR" : "INTEGER");

const record = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [nameOf(i), typeOf(i) === "VARCHAR" ? `value ${i}` : i]),
  );
