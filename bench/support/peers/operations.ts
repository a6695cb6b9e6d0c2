import { deepStrictEqual } from "node:assert";
import {
  BULK_SIZE,
  customers,
  LINES_PER_ORDER,
  listedOrders,
  type OrderRow,
  orders,
  PAGE_SIZE,
  writeTable,
} from "./data-set.ts";
import type { LoadRequest, Summary, Target, TargetOperation } from "./target.ts";

export const OPERATIONS = [
  "get by id",
  "list with total",
  "list without total",
  "list with expansion",
  "create",
  "update",
  "bulk create",
] as const;

export type OperationName = (typeof OPERATIONS)[number];

export const isWrite = (name: OperationName): boolean =>
  name === "create" || name === "update" || name === "bulk create";

const numbersOf = (rows: readonly OrderRow[]) => rows.map(({ number }) => number);

function expectedSummary(name: OperationName): Summary | undefined {
  const page = listedOrders.slice(0, PAGE_SIZE);
  const numbers = numbersOf(page);
  switch (name) {
    case "get by id":
      return { numbers: numbersOf(orders.slice(0, 1)) };
    case "list with total":
      return { numbers, total: listedOrders.length };
    case "list without total":
      return { numbers };
    case "list with expansion":
      return { numbers, lines: LINES_PER_ORDER, customer: customers[(page[0]?.customer ?? 0) - 1]?.name };
    default:
      return undefined;
  }
}

const ADDED: Partial<Record<OperationName, { table: "created" | "updated" | "bulk"; records: number }>> = {
  create: { table: "created", records: 1 },
  update: { table: "updated", records: 0 },
  "bulk create": { table: "bulk", records: BULK_SIZE },
};

/** Sends the operation once. Throws unless it returns, or writes, exactly what it should. */
export async function verifyOperation(
  target: Target,
  name: OperationName,
  connections: number,
): Promise<TargetOperation | undefined> {
  const operation = target.operation(name, connections);
  const [request] = operation?.requests ?? [];
  if (!operation || !request) return undefined;
  const added = ADDED[name];
  const table = added && writeTable(added.table, connections);
  const before = table === undefined || operation.isEmpty ? undefined : await target.count(table);
  const response = await sendRequest(target, request);
  const text = await response.text();
  if (response.status !== operation.status) {
    throw new Error(`${name} answered ${response.status}, not ${operation.status}: ${text.slice(0, 300)}`);
  }
  if (operation.isEmpty) return operation;
  const expected = expectedSummary(name);
  if (expected) deepStrictEqual(operation.summarize?.(JSON.parse(text) as never), expected);
  if (added && table && before !== undefined)
    deepStrictEqual(await target.count(table), before + added.records);
  return operation;
}

export function sendRequest(
  { baseUrl, headers }: Pick<Target, "baseUrl" | "headers">,
  { method, path, body }: LoadRequest,
): Promise<Response> {
  return fetch(baseUrl + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
