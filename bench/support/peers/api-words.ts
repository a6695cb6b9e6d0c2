import {
  BULK_SIZE,
  type ListedPage,
  listedPages,
  ORDERS,
  type OrderRow,
  orderRow,
  UPDATED_RECORDS,
  writeTable,
} from "./data-set.ts";
import type { OperationName } from "./operations.ts";
import type { LoadRequest, Summary, TargetOperation } from "./target.ts";

const IDS_READ = 1_000;
const BODIES = 200;
const BULK_BODIES = 10;

/** The path of a page of a list. */
type ListWords = (listed: ListedPage) => string;

/** How an API expresses the operations. Undefined for what it cannot express. */
export interface ApiWords {
  readonly get: (id: number) => string;
  readonly listWithTotal?: ListWords;
  readonly listWithoutTotal?: ListWords;
  readonly listWithExpansion?: ListWords;
  readonly create: (table: string, row: OrderRow) => LoadRequest;
  readonly update: (table: string, id: number, change: { amount: number; status: string }) => LoadRequest;
  readonly bulkCreate?: (table: string, rows: readonly OrderRow[]) => LoadRequest;
  readonly createdStatus: number;
  readonly bulkStatus?: number;
  readonly summarizeOne: (body: never) => Summary;
  readonly summarizeList: (body: never) => Summary;
  readonly summarizeTotal?: (body: never) => Summary;
  readonly summarizeExpansion?: (body: never) => Summary;
}

/** The operation in an API's terms; undefined if the API does not have it. */
export function operationIn(
  words: ApiWords,
  name: OperationName,
  connections: number,
): TargetOperation | undefined {
  switch (name) {
    case "get by id":
      return reads(numbersTo(IDS_READ).map(words.get), words.summarizeOne);
    case "list with total":
      return listsIn(words.listWithTotal, words.summarizeTotal);
    case "list without total":
      return listsIn(words.listWithoutTotal, words.summarizeList);
    case "list with expansion":
      return listsIn(words.listWithExpansion, words.summarizeExpansion);
    default:
      return writeIn(words, name, connections);
  }
}

function writeIn(
  words: ApiWords,
  name: "create" | "update" | "bulk create",
  connections: number,
): TargetOperation | undefined {
  switch (name) {
    case "create": {
      const table = writeTable("created", connections);
      const requests = numbersTo(BODIES).map((i) => words.create(table, orderRow(ORDERS + i)));
      return { requests, status: words.createdStatus };
    }
    case "update": {
      const table = writeTable("updated", connections);
      const requests = numbersTo(UPDATED_RECORDS).map((i) => {
        return words.update(table, i, { amount: (i * 13) % 10_000, status: orderRow(i + 1).status });
      });
      return { requests, status: 200 };
    }
    case "bulk create": {
      const { bulkCreate, bulkStatus = 200 } = words;
      const table = writeTable("bulk", connections);
      const batches = numbersTo(BULK_BODIES).map((b) =>
        numbersTo(BULK_SIZE).map((i) => orderRow(b * BULK_SIZE + i)),
      );
      return bulkCreate && { requests: batches.map((rows) => bulkCreate(table, rows)), status: bulkStatus };
    }
  }
}

function listsIn(words: ListWords | undefined, summarize: TargetOperation["summarize"]) {
  return words && reads(listedPages.map(words), summarize);
}

function reads(paths: readonly string[], summarize: TargetOperation["summarize"]): TargetOperation {
  const requests = paths.map((path) => ({ method: "GET" as const, path }));
  return { requests, status: 200, ...(summarize && { summarize }) };
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
