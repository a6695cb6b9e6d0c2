/*
 * The data of every target: customers, their orders, and lines of those. Each operation that writes has its own table
 * for each number of connections, with the orders' columns.
 */
const CUSTOMERS = 200;
export const ORDERS = 2_000;
export const LINES_PER_ORDER = 4;
export const UPDATED_RECORDS = 1_000;
export const BULK_SIZE = 100;
export const PAGE_SIZE = 20;
const STATUSES = ["PAID", "SHIPPED", "CLOSED", "NEW"] as const;
/** The status of the list that is compared before a target is measured: its first page. */
const LISTED_STATUS = "PAID";
const FIRST_ORDER_AT = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

export type WriteKind = "created" | "updated" | "bulk";

/** The table that an operation writes to with so many connections. */
export const writeTable = (kind: WriteKind, connections: number): string => `${kind}${connections}`;

export interface CustomerRow {
  readonly name: string;
  readonly email: string;
  readonly country: string;
}

export interface OrderRow {
  readonly number: string;
  readonly status: string;
  readonly amount: number;
  readonly placedAt: string;
  /** Number of the customer, from 1: the customer's id. */
  readonly customer: number;
}

export interface LineRow {
  readonly product: string;
  readonly quantity: number;
  /** Number of the order, from 1: the order's id. */
  readonly order: number;
}

export const customers: readonly CustomerRow[] = numbered(CUSTOMERS, (i) => ({
  name: `Customer ${i}`,
  email: `customer${i}@example.com`,
  country: i % 2 === 0 ? "PT" : "ES",
}));

export const orders: readonly OrderRow[] = numbered(ORDERS, orderRow);

export const lines: readonly LineRow[] = numbered(ORDERS * LINES_PER_ORDER, (i) => ({
  product: `Product ${i % 97}`,
  quantity: 1 + (i % 9),
  order: 1 + ((i - 1) % ORDERS),
}));

/** The order with that number, from 1. Beyond the existing ones it is an order to create. */
export function orderRow(i: number): OrderRow {
  return {
    number: `order ${i}`,
    status: STATUSES[i % STATUSES.length] ?? LISTED_STATUS,
    amount: (i * 7) % 10_000,
    placedAt: new Date(FIRST_ORDER_AT + i * MINUTE_MS).toISOString(),
    customer: 1 + (i % CUSTOMERS),
  };
}

/** A page of the orders of a status, newest first. */
export interface ListedPage {
  readonly status: string;
  /** From 0. */
  readonly page: number;
}

const LISTED_PAGES = ORDERS / STATUSES.length / PAGE_SIZE;

/**
 * All full pages of all statuses, the compared one first, so that a target's cache for one query does not serve the
 * next.
 */
export const listedPages: readonly ListedPage[] = Array.from({ length: LISTED_PAGES }, (_, page) =>
  STATUSES.map((status) => ({ status, page })),
).flat();

/** The orders of the compared list, newest first. */
export const listedOrders: readonly OrderRow[] = orders
  .filter(({ status }) => status === LISTED_STATUS)
  .toSorted((a, b) => b.placedAt.localeCompare(a.placedAt));

function numbered<T>(count: number, rowOf: (i: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, i) => rowOf(i + 1));
}

/** Splits into parts of at most so many. */
export function* chunksOf<T>(rows: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}
