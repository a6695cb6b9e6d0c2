import type { ApiWords } from "./api-words.ts";
import { type ListedPage, type OrderRow, PAGE_SIZE } from "./data-set.ts";

/* Our API's terms. The hand-written Worker handles the same requests. */

export const WORKSPACE = "/api/v1/bench/peers";
const list = ({ status, page }: ListedPage) =>
  `${WORKSPACE}/Order?filter[status]=${status}&sort=placedAt,desc&size=${PAGE_SIZE}&page=${page}`;

interface ListBody {
  readonly data: readonly {
    readonly number: string;
    readonly lines?: readonly unknown[];
    readonly customer?: { readonly name: string };
  }[];
  readonly meta: { readonly totalElements?: number };
}

const numbersOf = ({ data }: ListBody) => data.map(({ number }) => number);

/** `orders` is `Order`, `bulk32` is `Bulk32`. */
export const entityOf = (table: string): string =>
  table.charAt(0).toUpperCase() + table.slice(1).replace(/s$/, "");

export const recordOf = ({ customer, ...fields }: OrderRow) => ({ ...fields, customerId: customer });

const pathOf = (table: string) => `${WORKSPACE}/${entityOf(table)}`;

export const ourWords: ApiWords = {
  get: (id) => `${WORKSPACE}/Order/${id}`,
  listWithTotal: list,
  listWithoutTotal: (listed) => `${list(listed)}&count=none`,
  listWithExpansion: (listed) => `${list(listed)}&count=none&expand=customer,lines`,
  create: (table, row) => ({ method: "POST", path: pathOf(table), body: recordOf(row) }),
  update: (table, id, body) => ({ method: "PUT", path: `${pathOf(table)}/${id}`, body }),
  bulkCreate: (table, rows) => ({ method: "POST", path: `${pathOf(table)}/bulk`, body: rows.map(recordOf) }),
  createdStatus: 201,
  summarizeOne: ({ data }: { data: { number: string } }) => ({ numbers: [data.number] }),
  summarizeList: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeTotal: (body: ListBody) => ({ numbers: numbersOf(body), total: body.meta.totalElements }),
  summarizeExpansion: (body: ListBody) => ({
    numbers: numbersOf(body),
    lines: body.data[0]?.lines?.length,
    customer: body.data[0]?.customer?.name,
  }),
};
