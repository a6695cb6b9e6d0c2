import type { Stack } from "../stack.ts";
import { createWorkspace, type Dimension, measureGrowth, type Send } from "./dimension.ts";

/** To the contract's limit of entities in a workspace. */
const COUNTS = [1, 10, 50, 100, 200];
const COLUMNS = 10;
const RECORDS = 100;

/** A workspace for each number of entities, each of ten columns. */
export async function growEntities({ baseUrl }: Stack, rounds: number): Promise<Dimension> {
  const gets = new Map<number, Send>();
  const lists = new Map<number, Send>();
  const creates = new Map<number, Send>();
  const firsts = new Map<number, Send>();
  for (const count of COUNTS) {
    const { admin, data } = await createWorkspace(baseUrl, `entities${count}`);
    await admin("PUT", "/schema", { entities: Array.from({ length: count }, (_, i) => entity(i + 1)) });
    await data("POST", "/Entity1/bulk", Array.from({ length: RECORDS }, record));
    gets.set(count, () => data("GET", "/Entity1/1"));
    lists.set(count, () => data("GET", "/Entity1"));
    creates.set(count, () => data("POST", "/Entity1", record()));
    firsts.set(count, async () => {
      await admin("PATCH", "", { name: `Workspace of ${count}` });
      await data("GET", "/Entity1/1");
    });
    console.log(`A workspace of ${count} entities is there`);
  }
  return measureGrowth(
    { name: "entities", title: "Latency by entities in a workspace", xLabel: "entities", rounds },
    {
      "get by id": gets,
      "20 of 100, with total": lists,
      create: creates,
      "change, then first get": firsts,
    },
  );
}

function entity(number: number) {
  const columns = Array.from({ length: COLUMNS }, (_, i) => ({ name: `field${i + 1}`, type: "VARCHAR" }));
  return { name: `Entity${number}`, columns };
}

const record = () =>
  Object.fromEntries(Array.from({ length: COLUMNS }, (_, i) => [`field${i + 1}`, `value ${i}`]));
