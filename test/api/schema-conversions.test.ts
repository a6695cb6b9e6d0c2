import { describe, expect, it } from "vitest";
import type { Column } from "../../src/model/column.ts";
import type { JsonValue } from "../../src/model/json.ts";
import { expectFailure, expectStatus } from "../support/api.ts";
import { columnOf } from "../support/columns.ts";
import { converted } from "../support/conversion-model.ts";
import { makeWorkspace } from "../support/workspace.ts";

/* Converts each type to each other type, with the values at the edges of both. */

const UUID = "018f4b2e-0000-7000-8000-00000000abcd";
const TEXTS = [
  "",
  "abc",
  "5",
  "5.0",
  "-0",
  "1e5",
  "true",
  "null",
  "9007199254740992",
  "9007199254740993",
  "9223372036854775807",
  "99999999999999999999",
  "0.1234567890123456",
  "1e999",
  "1e-999",
  '{"a":[1e999]}',
  `[${"9".repeat(200)}${"9".repeat(200)}]`,
  '{"a":1}',
  '"q"',
  "2026-02-28",
  "2026-02-30",
  "2026-13-01",
  "0000-01-01",
  "13:05:00",
  "13:05:60",
  "23:59:59.999",
  "24:00:00",
  "24:00:00.500",
  "2026-01-01T23:59:59.999Z",
  "2026-01-01T24:00:00.000Z",
  "2026-02-30T13:05:00.000Z",
  "2026-01-01T13:05:60.000Z",
  "2026-01-01T13:05:00.000+01:00",
  "2026-01-01T13:05:00Z",
  UUID,
];

interface TypeCase {
  readonly type: string;
  readonly values: readonly JsonValue[];
  readonly [option: string]: unknown;
}

const types: readonly TypeCase[] = [
  { type: "VARCHAR", length: 255, values: TEXTS.filter((text) => text.length <= 255) },
  { type: "TEXT", values: TEXTS },
  {
    type: "INTEGER",
    values: [0, 1, -7, 123456789012345, 1234567890123456, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  },
  {
    type: "BIGINT",
    values: [
      "0",
      "1",
      "1234567890123456",
      "9007199254740991",
      "9007199254740992",
      "9007199254740993",
      "-9007199254740993",
      "9223372036854775807",
      "-9223372036854775808",
    ],
  },
  { type: "DECIMAL", precision: 15, scale: 4, values: [0, 1, 0.5, -0.0001, 99999999999.9999, 5] },
  { type: "DECIMAL", precision: 15, scale: 0, values: [0, 999999999999999, -5] },
  { type: "DOUBLE", values: [0, 1, 0.5, 1 / 3, -123456789.12345679, 1234567890123456, 2 ** 53, 2 ** 53 + 2] },
  { type: "BOOLEAN", values: [true, false] },
  { type: "DATE", values: ["2026-02-28", "0000-01-01", "9999-12-31"] },
  { type: "TIME", values: ["13:05:00", "23:59:59.999", "00:00:00"] },
  { type: "DATETIME", values: ["2026-01-01T23:59:59.999Z", "2026-01-01T00:00:00.000Z"] },
  { type: "UUID", values: [UUID] },
  { type: "ENUM", values: ["5", "true", "abc", "2026-02-28", "24:00:00"] },
  {
    type: "JSON",
    values: [0, 5, 0.5, 1 / 3, 1e21, 2 ** 53, true, "q", "24:00:00", { a: 1 }, [1, 2]],
  },
];

interface Pair {
  readonly name: string;
  readonly from: Column;
  readonly to: Column;
  readonly values: readonly JsonValue[];
}

const columnFrom = (name: string, { values, ...definition }: TypeCase) =>
  columnOf({ name, ...definition, ...(definition.type === "ENUM" && { values }) });

/** A column for each other type. */
const pairsFrom = (source: TypeCase): readonly Pair[] =>
  types.flatMap((target, i) => {
    const name = `to${i}`;
    const column = {
      name,
      from: columnFrom(name, source),
      to: columnFrom(name, target),
      values: source.values,
    };
    return source === target ? [] : [column];
  });

const definitionOf = ({ id: _, ...column }: Column) => column;
const entityWith = (columns: readonly Column[]) => ({ name: "Item", columns: columns.map(definitionOf) });

/** As many records as the longest column has values. Shorter columns end with nulls. */
function recordsOf(
  columns: readonly { readonly name: string; readonly values: readonly (JsonValue | undefined)[] }[],
) {
  const count = Math.max(...columns.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(columns.map(({ name, values }) => [name, values[i] ?? null])),
  );
}

async function workspaceWith(columns: readonly Pair[]) {
  const w = await makeWorkspace(entityWith(columns.map(({ from }) => from)));
  const answer = await w.api("POST", "/Item/bulk", { body: recordsOf(columns) });
  expect(expectStatus(answer, 200).text).not.toContain('"error"');
  return w;
}

describe("a conversion of a column", () => {
  it.each(types)("from $type keeps every value that the new type can hold", async (source) => {
    const kept = pairsFrom(source).map(({ values, ...pair }) => ({
      ...pair,
      values: values.filter((value) => converted(value, pair.from, pair.to) !== undefined),
    }));
    const w = await workspaceWith(kept);
    const body = { entities: [entityWith(kept.map(({ to }) => to))] };
    expectStatus(await w.admin("PUT", "/schema", { body }), 200);
    const { data } = (await w.api("GET", "/Item?size=100")).body;
    const expected = kept.map(({ name, from, to, values }) => ({
      name,
      values: values.map((value) => converted(value, from, to)),
    }));
    expect(data.map(({ id: _, ...record }: { id: number }) => record)).toEqual(recordsOf(expected));
  });

  it.each(types)("from $type is refused for every value that the new type cannot hold", async (source) => {
    const refused = pairsFrom(source)
      .map(({ values, ...pair }) => ({
        ...pair,
        values: values.filter((value) => converted(value, pair.from, pair.to) === undefined),
      }))
      .filter(({ values }) => values.length > 0);
    const w = await workspaceWith(refused);
    const body = { entities: [entityWith(refused.map(({ to }) => to))] };
    const { changes } = expectStatus(await w.admin("PUT", "/schema?dryRun=true", { body }), 200).body.data;
    const found = changes.map(({ column, reason = "" }: { column: string; reason?: string }) => ({
      column,
      count: Number.parseInt(reason, 10),
    }));
    expect(found).toEqual(refused.map(({ name, values }) => ({ column: name, count: values.length })));
  });

  it("of DOUBLE to TEXT and to JSON can be reversed, however it is written", async () => {
    const values = [1e16, 1e17, 1e20, 1.5e300, 1e-5, 1e-7, 0.1 + 0.2, 2 ** 53, 2 ** 60, 1 / 3, -1e22];
    const w = await makeWorkspace({ name: "Item", columns: [{ name: "v", type: "DOUBLE" }] });
    for (const v of values) expectStatus(await w.api("POST", "/Item", { body: { v } }), 201);
    const numbers = async () =>
      (await w.api("GET", "/Item")).body.data.map(({ v }: { v: unknown }) => Number(v));
    for (const type of ["TEXT", "DOUBLE", "JSON", "DOUBLE"]) {
      expectStatus(await w.admin("PATCH", "/entities/Item/columns/v", { body: { type } }), 200);
      expect(await numbers()).toEqual(values);
    }
  });

  it.each([{ type: "DECIMAL", precision: 12, scale: 2 }, { type: "DATETIME" }])(
    "of TEXT to $type is refused by what does not fit, in as many columns under as many rules as an entity may have",
    async (target) => {
      const name = (i: number) => `column_with_a_rather_long_name_${i}`;
      const schemaOf = (column: object, more: object = {}) => ({
        entities: [
          {
            name: "Wide",
            columns: Array.from({ length: 199 }, (_, i) => ({ name: name(i), ...column })),
            ...more,
          },
        ],
      });
      const constraints = Array.from({ length: 100 }, (_, i) => ({
        type: "UNIQUE_COMPOSITE",
        fields: Array.from({ length: 8 }, (_, j) => name((i + j * 7) % 199)),
      }));
      const v = await makeWorkspace();
      const put = (body: object) => v.admin("PUT", "/schema?allow=lossy", { body });
      expectStatus(await put(schemaOf({ type: "TEXT" })), 200);
      for (let i = 0; i < 2; i++)
        expectStatus(await v.api("POST", "/Wide", { body: { [name(7)]: "x" } }), 201);
      const to = schemaOf(target, { constraints });
      const refused = expectStatus(await put(to), 422);
      expect(refused.body.error.details).toEqual([
        {
          field: `Wide.${name(7)}`,
          message: expect.stringMatching(/^2 existing records do not .* \(ids: 1, 2\)$/),
        },
      ]);
    },
  );

  it("leaves no null where a value is required", async () => {
    const v = { type: "INTEGER", nullable: false };
    const w = await makeWorkspace({ name: "Item", columns: [{ name: "v", ...v }] });
    expectStatus(await w.api("POST", "/Item", { body: { v: 1234567890123456 } }), 201);
    expectStatus(await w.admin("PATCH", "/entities/Item/columns/v", { body: { type: "DOUBLE" } }), 200);
    expect((await w.api("GET", "/Item")).body.data).toEqual([{ id: 1, v: 1234567890123456 }]);
  });

  it.each([
    ["BIGINT", "DOUBLE", "9007199254740993"],
    ["BIGINT", "DOUBLE", "9223372036854775807"],
    ["BIGINT", "JSON", "9223372036854775807"],
    ["TEXT", "JSON", "1e999"],
    ["TEXT", "JSON", "null"],
    ["TEXT", "JSON", '{"a":9223372036854775807}'],
    ["TEXT", "TIME", "24:00:00"],
    ["TEXT", "DATETIME", "2026-01-01T24:00:00.000Z"],
  ])("from %s to %s is refused for %s", async (from, type, v) => {
    const w = await makeWorkspace({ name: "Item", columns: [{ name: "v", type: from }] });
    expectStatus(await w.api("POST", "/Item", { body: { v } }), 201);
    expectFailure(await w.admin("PATCH", "/entities/Item/columns/v", { body: { type } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [
        { field: "v", message: `1 existing records do not convert to ${type} without loss (ids: 1)` },
      ],
    });
  });
});
