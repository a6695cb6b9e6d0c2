import { count, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { db } from "../db/platform.ts";

export interface PageRequest {
  /** Counted from 0. */
  readonly page: number;
  readonly size: number;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly meta: {
    readonly page: number;
    readonly size: number;
    readonly totalElements: number;
    readonly totalPages: number;
  };
}

/** The result of `totalOf`. */
export type Counts = readonly { readonly total: number }[];

export function toPage<T>(data: readonly T[], { page, size }: PageRequest, [count]: Counts): Page<T> {
  const totalElements = count?.total ?? 0;
  return { data, meta: { page, size, totalElements, totalPages: Math.ceil(totalElements / size) } };
}

/** The query that counts all rows of the paged query. */
export const totalOf = (table: SQLiteTable, where?: SQL) =>
  db.select({ total: count() }).from(table).where(where);

/** A page of a list that is in memory. */
export const pageOfAll = <T>(all: readonly T[], request: PageRequest): Page<T> =>
  toPage(all.slice(request.page * request.size).slice(0, request.size), request, [{ total: all.length }]);
