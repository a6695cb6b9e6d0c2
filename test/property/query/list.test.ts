import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import type { SqlValue } from "../../../src/model/sql-value.ts";
import { treeOf } from "../../support/query/arbitrary.ts";
import { compareStored, matches, type Stored, type World } from "../../support/query/evaluate.ts";
import { compileListOf, entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";

const catalog = shopCatalog();
const { world, database } = sampleWorld(catalog, 42);
const order = entityOf(catalog, "Order");
const target = targetIn(catalog, "Order");
const RUNS = { numRuns: Number(process.env.RUNS ?? 400) };

const answer = (query: Record<string, string> | URLSearchParams) =>
  database.answer(compileListOf(target, new URLSearchParams(query).toString()));
const idsOf = (data: readonly JsonObject[]) => data.map(({ id }) => id);

const SORTABLE = [
  "number",
  "status",
  "total",
  "isVip",
  "note",
  "dueAt",
  "day",
  "customer.country",
  "customer.balance",
  "customer.referrer.score",
  "customerId",
  "id",
];
const sortArbitrary = fc.array(
  fc.record({
    path: fc.constantFrom(...SORTABLE),
    direction: fc.constantFrom("asc", "desc"),
    nulls: fc.constantFrom("", "nullsFirst", "nullsLast"),
  }),
  { maxLength: 3 },
);
type Sort = typeof sortArbitrary extends fc.Arbitrary<infer T> ? T : never;

const sortText = ({ path, direction, nulls }: Sort[number]) =>
  [path, direction, ...(nulls ? [nulls] : [])].join(",");

function valueAt(record: Stored, path: string, of: World): SqlValue {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) return record[name] ?? null;
  const id = record[`${name}Id`] ?? null;
  const related = of.records.Customer?.find((candidate) => candidate.id === id);
  return related ? valueAt(related, rest.join("."), of) : null;
}

function sorted(records: readonly Stored[], sort: Sort): Stored[] {
  const keys = [...sort, { path: "id", direction: "asc", nulls: "" }];
  return records.toSorted((left, right) => {
    for (const { path, direction, nulls } of keys) {
      const a = valueAt(left, path, world);
      const b = valueAt(right, path, world);
      const sign = direction === "asc" ? 1 : -1;
      if (a === null && b === null) continue;
      if (a === null || b === null) {
        const isFirst = nulls ? nulls === "nullsFirst" : direction === "asc";
        return (a === null) === isFirst ? -1 : 1;
      }
      const compared = compareStored(a, b);
      if (compared !== 0) return compared * sign;
    }
    return 0;
  });
}

const expectedIds = (tree: JsonObject, sort: Sort = []) =>
  sorted(
    (world.records.Order ?? []).filter((record) => matches(world, order, { tree, record })),
    sort,
  ).map(({ id }) => id);

describe("a list, compared with an evaluator in memory", () => {
  it("filters by any JSON tree, through every kind of relationship, and counts what it finds", () => {
    fc.assert(
      fc.property(treeOf(catalog, order, { hops: 3, depth: 3 }), (tree) => {
        const { data, meta } = answer({ filter: JSON.stringify(tree), size: "1000" });
        expect(idsOf(data)).toEqual(expectedIds(tree));
        expect(meta).toMatchObject({ totalElements: data.length });
      }),
      RUNS,
    );
  });

  it("reads the bracket form like the JSON form", () => {
    const conditions = fc.array(treeOf(catalog, order, { hops: 2, depth: 0 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(conditions, (trees) => {
        const params = new URLSearchParams({ size: "1000", fields: "id" });
        for (const tree of trees) for (const [name, value] of brackets(tree, [])) params.append(name, value);
        expect(idsOf(answer(params).data)).toEqual(expectedIds({ and: trees }));
      }),
      RUNS,
    );
  });

  it("sorts by any keys and cuts any page", () => {
    const page = fc.record({ page: fc.nat(6), size: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(
        treeOf(catalog, order, { hops: 1, depth: 1 }),
        sortArbitrary,
        page,
        (tree, sort, { page, size }) => {
          const params = new URLSearchParams({
            filter: JSON.stringify(tree),
            page: `${page}`,
            size: `${size}`,
          });
          for (const key of sort) params.append("sort", sortText(key));
          const expected = expectedIds(tree, sort);
          const { data, meta } = answer(params);
          expect(idsOf(data)).toEqual(expected.slice(page * size, (page + 1) * size));
          expect(meta).toEqual({
            page,
            size,
            totalElements: expected.length,
            totalPages: Math.ceil(expected.length / size),
          });
        },
      ),
      RUNS,
    );
  });

  it("walks the same list by cursor, whatever the sort and the nulls", () => {
    fc.assert(
      fc.property(sortArbitrary, fc.integer({ min: 1, max: 9 }), (sort, size) => {
        expect(walk({ sort, size })).toEqual(expectedIds({}, sort));
      }),
      RUNS,
    );
  });

  it("walks a list that one composite index filters and sorts, by page and by cursor", () => {
    const sorts = sortArbitrary.map((sort) => sort.slice(0, 1).map((key) => ({ ...key, path: "dueAt" })));
    const customers = fc.constantFrom(...new Set(world.records.Order?.map(({ customerId }) => customerId)));
    fc.assert(
      fc.property(customers, sorts, fc.integer({ min: 1, max: 3 }), (customerId, sort, size) => {
        const tree = { customerId } as JsonObject;
        const expected = expectedIds(tree, sort);
        expect(walk({ tree, sort, size })).toEqual(expected);
        const params = paramsOf({ tree, sort, size });
        params.set("page", "1");
        expect(idsOf(answer(params).data)).toEqual(expected.slice(size, 2 * size));
      }),
      RUNS,
    );
  });
});

interface Walk {
  readonly tree?: JsonObject;
  readonly sort: Sort;
  readonly size: number;
}

function paramsOf({ tree, sort, size }: Walk): URLSearchParams {
  const params = new URLSearchParams({ size: `${size}`, ...(tree && { filter: JSON.stringify(tree) }) });
  for (const key of sort) params.append("sort", sortText(key));
  return params;
}

/** The ids of all records, page by page. */
function walk(list: Walk): readonly unknown[] {
  const walked: unknown[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const params = paramsOf(list);
    params.set("cursor", cursor);
    const { data, meta } = answer(params);
    walked.push(...idsOf(data));
    cursor = "nextCursor" in meta ? meta.nextCursor : null;
    expect(data.length === list.size || cursor === null).toBe(true);
  }
  return walked;
}

/** The tree of one condition as bracket parameters. */
function brackets(tree: JsonObject, prefix: readonly string[]): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    const path = [...prefix, key];
    const name = path.join(".");
    if (value === null) return [[`filter[${name}.isNull]`, ""]];
    if (Array.isArray(value))
      return [[`filter[${name}]`, value.map((item) => quote(String(item))).join(",")]];
    if (typeof value === "object") return brackets(value as JsonObject, path);
    const hasOperator = /\.(?:[gl]te?|n?eq|i?like|startsWith|endsWith|isNull|isNotNull)$/.test(name);
    return [[hasOperator ? `filter[${name}]` : `filter[${name}.eq]`, String(value)]];
  });
}

const quote = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
