import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnTypeOf } from "../../src/columns/registry.ts";
import { recordValidatorOf } from "../../src/columns/validate-record.ts";
import type { Column } from "../../src/model/column.ts";
import type { EntityDefinition } from "../../src/model/entity.ts";
import type { JsonObject, JsonValue } from "../../src/model/json.ts";
import { ask, expectStatus } from "../support/api.ts";
import { catalogueOf } from "../support/catalogue.ts";
import { columnOf, entityOf } from "../support/columns.ts";
import { converted } from "../support/conversion-model.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * For random schemas A and B and random records: PUT B makes exactly B and keeps every value that B can hold. It is
 * refused exactly if some record conflicts, and then nothing has changed.
 */

const RUNS = 40;

type ColumnShape = Record<string, unknown> & { id?: string; name: string };
interface EntityShape {
  id?: string;
  name: string;
  idType: string;
  columns: ColumnShape[];
  constraints: Record<string, unknown>[];
}

const UUID = "0190a0b0-1234-7abc-8def-0123456789ab";
const TEXTS = [
  "5",
  "5.0",
  "10.50",
  "-3",
  "0",
  "1",
  "true",
  "abc",
  "a b",
  "",
  "2026-02-28",
  "2026-02-30",
  UUID,
];
const MORE_TEXTS = [
  "13:05:00",
  "13:05:00.120",
  "2026-02-28T13:05:00.000Z",
  "{}",
  "[1,2]",
  '"q"',
  "é🎈",
  "NEW",
  "PAID",
];

const typeArbitrary: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.record({ type: fc.constant("VARCHAR"), length: fc.constantFrom(3, 12, 255) }),
  fc.record({
    type: fc.constant("DECIMAL"),
    precision: fc.constantFrom(4, 15),
    scale: fc.constantFrom(0, 1, 2),
  }),
  fc.record({
    type: fc.constant("ENUM"),
    values: fc.constantFrom(["NEW", "PAID"], ["PAID", "NEW", "abc"], ["5", "true"]),
  }),
  fc
    .constantFrom(
      "TEXT",
      "INTEGER",
      "BIGINT",
      "DOUBLE",
      "BOOLEAN",
      "DATE",
      "TIME",
      "DATETIME",
      "UUID",
      "JSON",
    )
    .map((type) => ({ type })),
);

function valueArbitrary(column: Column): fc.Arbitrary<JsonValue> {
  const sent: fc.Arbitrary<JsonValue> = (() => {
    switch (column.type) {
      case "INTEGER":
        return fc.oneof(fc.constantFrom(0, 1, -3, 5), fc.maxSafeInteger());
      case "BIGINT":
        return fc.oneof(fc.constantFrom("0", "5"), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String));
      case "DOUBLE":
        return fc.integer({ min: -10_000, max: 10_000 }).map((eighths) => eighths / 8);
      case "DECIMAL":
        return fc.constantFrom(0, 1, 10.5, -3, 5, 99.9, 9999);
      case "BOOLEAN":
        return fc.boolean();
      case "JSON":
        return fc.oneof(
          fc.constantFrom<JsonValue>(5, "q", true, { a: 1 }, [1, 2]),
          fc.jsonValue() as fc.Arbitrary<JsonValue>,
        );
      default:
        return fc.oneof(
          fc.constantFrom(...TEXTS, ...MORE_TEXTS),
          fc.string({ unit: "grapheme", maxLength: 20 }),
        );
    }
  })();
  const parses = (value: JsonValue) => value !== null && columnTypeOf(column).parse(value, column).ok;
  const typical: Readonly<Record<string, JsonValue>> = {
    DATE: "2026-02-28",
    TIME: "13:05:00",
    DATETIME: "2026-02-28T13:05:00.000Z",
    UUID,
    ENUM: column.values?.[0] ?? "",
    DECIMAL: 1,
  };
  const fallback = typical[column.type] ?? null;
  return sent.map((value) => (parses(value) ? value : fallback));
}

const columnArbitrary = (name: string): fc.Arbitrary<ColumnShape> =>
  fc
    .tuple(
      typeArbitrary,
      fc.record({
        nullable: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.boolean()),
        unique: fc.constantFrom(false, false, false, true),
        indexed: fc.boolean(),
      }),
    )
    .map(([type, rules]) => ({ name, ...type, ...rules, unique: type.type !== "JSON" && rules.unique }))
    .chain((column) =>
      fc
        .tuple(fc.boolean(), valueArbitrary(columnOf(column)))
        .map(([hasDefault, initial]) =>
          hasDefault && initial !== null ? { ...column, default: initial } : column,
        ),
    );

const NAMES = ["alpha", "beta", "gamma", "Delta", "order"] as const;
/** An id type cannot change. Entities that match by name keep theirs. */
const ID_TYPES: Readonly<Record<string, string>> = { Item: "INTEGER", Group: "UUID", Note: "INTEGER" };

const entityArbitrary = (name: string): fc.Arbitrary<EntityShape> =>
  fc
    .subarray([...NAMES], { minLength: 1 })
    .chain((names) => fc.tuple(...names.map(columnArbitrary)))
    .map((columns) => ({ name, idType: ID_TYPES[name] ?? "", columns, constraints: [] }));

const schemaArbitrary = fc
  .subarray(Object.keys(ID_TYPES), { minLength: 1 })
  .chain((names) => fc.tuple(...names.map(entityArbitrary)))
  .chain((entities) =>
    fc.tuple(fc.constant(entities), ...entities.map((entity) => extrasArbitrary(entity, entities))),
  )
  .map(([entities, ...extras]) => entities.map((entity, i) => ({ ...entity, ...extras[i] }) as EntityShape));

/** References to any entity, rules over several columns, defaults. */
function extrasArbitrary({ name, columns }: EntityShape, entities: readonly EntityShape[]) {
  return fc
    .record({
      target: fc.constantFrom(undefined, ...entities.map((entity) => entity.name)),
      onDelete: fc.constantFrom("RESTRICT", "CASCADE", "SET_NULL"),
      composite: fc.boolean(),
      isRequired: fc.boolean(),
      rule: fc.constantFrom(undefined, { type: "MIN_LENGTH", value: 2 }, { type: "MIN", value: 0 }),
    })
    .map(({ target, onDelete, composite, isRequired, rule }) => {
      const reference = target && {
        name: "parentId",
        references: { entity: target, relationship: "parent", inverse: `${name}Children`, onDelete },
      };
      const [first, second] = columns.map((column) => column.name);
      return {
        columns: [
          ...columns.map((column, i) => (i === 0 ? withRule(column, rule) : column)),
          ...(reference ? [reference] : []),
        ],
        constraints: [
          ...(composite && first && second ? [{ type: "UNIQUE_COMPOSITE", fields: [first, second] }] : []),
          ...(isRequired && second && columns[0]?.type === "BOOLEAN"
            ? [{ type: "CONDITIONAL_REQUIRED", field: second, when: { field: first, equals: true } }]
            : []),
        ],
      };
    });
}

function withRule(column: ColumnShape, rule: { type: string; value: number } | undefined): ColumnShape {
  const isText = column.type === "VARCHAR" || column.type === "TEXT";
  const isNumber = ["INTEGER", "BIGINT", "DECIMAL", "DOUBLE"].includes(String(column.type));
  const fits = rule && (rule.type === "MIN" ? isNumber : isText);
  return fits ? { ...column, constraints: [rule] } : column;
}

/** Which ids of A the entities and columns of B keep, each at most once. This can swap names. */
const matchingArbitrary = fc.infiniteStream(fc.nat({ max: 5 }));

function withKeptIds(
  target: readonly EntityShape[],
  current: readonly EntityDefinition[],
  choices: Iterator<number>,
): EntityShape[] {
  const free = [...current];
  const next = () => choices.next().value ?? 0;
  return target.map((entity) => {
    const at = next();
    const match = at < free.length && free[at]?.idType === entity.idType ? free.splice(at, 1)[0] : undefined;
    const columns = [...(match?.columns ?? [])];
    return {
      ...entity,
      ...(match && { id: match.id }),
      columns: entity.columns.map((column) => {
        const index = next();
        const kept = index < columns.length ? columns.splice(index, 1)[0] : undefined;
        return kept ? { ...column, id: kept.id } : column;
      }),
    };
  });
}

describe("a schema document", () => {
  it("becomes the schema exactly, keeps all values that fit, and is refused when records conflict", async () => {
    await fc.assert(
      fc.asyncProperty(
        schemaArbitrary,
        schemaArbitrary,
        matchingArbitrary,
        fc.infiniteStream(fc.nat()),
        checkEvolution,
      ),
      { numRuns: RUNS },
    );
  }, 600_000);
});

async function checkEvolution(
  first: EntityShape[],
  second: EntityShape[],
  matching: Iterator<number>,
  seeds: Iterator<number>,
): Promise<void> {
  const workspace = await makeWorkspace();
  const start = await workspace.admin("PUT", "/schema", { body: { entities: first } });
  if (start.status === 422) return;
  expectStatus(start, 200);
  const old = await schemaOf(workspace);
  const records = await fill(workspace, old, seeds);
  const target = withKeptIds(second, old, matching);
  const [catalogueBefore, dataBefore] = [await catalogueOf(workspace), await dataOf(workspace, old)];
  expect(dataBefore).toEqual(records);
  const dry = await workspace.admin("PUT", "/schema?dryRun=true", { body: { entities: target } });
  const answer = await workspace.admin("PUT", "/schema?allow=lossy", { body: { entities: target } });
  if (answer.status === 422) {
    expect(await schemaOf(workspace)).toEqual(old);
    expect(await catalogueOf(workspace)).toEqual(catalogueBefore);
    expect(await dataOf(workspace, old)).toEqual(dataBefore);
  }
  const isInvalid = dry.status === 422;
  if (isInvalid) {
    expect(answer.status, answer.text).toBe(422);
    return;
  }
  expectStatus(dry, 200);
  const expected = expectedData(old, target, records, await freshSchema(target));
  expect({ problem: expected.problem, status: answer.status, text: answer.text }).toEqual({
    problem: answer.status === 200 ? undefined : expect.any(String),
    status: answer.status,
    text: expect.stringContaining(answer.status === 200 ? "version" : "existing records"),
  });
  const isBlocked = dry.body.data.changes.some(({ risk }: { risk: string }) => risk === "BLOCKED");
  expect(isBlocked, dry.text).toBe(answer.status === 422);
  if (answer.status === 422) return;
  const reached = await schemaOf(workspace);
  const fresh = await makeWorkspace();
  expectStatus(await fresh.admin("PUT", "/schema", { body: { entities: second } }), 200);
  expect(withoutIds(reached)).toEqual(withoutIds(await schemaOf(fresh)));
  expect(await catalogueOf(workspace)).toEqual(await catalogueOf(fresh));
  expect(await dataOf(workspace, reached)).toEqual(expected.data);
  const again = expectStatus(await workspace.admin("PUT", "/schema", { body: { entities: reached } }), 200);
  expect(again.body.data).toEqual({ version: answer.body.data.version, changes: [] });
}

const withoutIds = (schema: readonly EntityDefinition[]) =>
  schema.map(({ id: _, ...entity }) => ({
    ...entity,
    columns: entity.columns.map(({ id: _id, ...column }) => column),
  }));

async function schemaOf(workspace: TestWorkspace): Promise<EntityDefinition[]> {
  return expectStatus(await workspace.admin("GET", "/schema"), 200).body.data.entities;
}

/** B as an empty workspace would have it, with all defaults. */
async function freshSchema(target: readonly EntityShape[]): Promise<EntityDefinition[]> {
  const workspace = await makeWorkspace();
  expectStatus(await workspace.admin("PUT", "/schema", { body: { entities: target } }), 200);
  return schemaOf(workspace);
}

type Data = Record<string, JsonObject[]>;

async function dataOf({ key, apiPath }: TestWorkspace, schema: readonly EntityDefinition[]): Promise<Data> {
  const data: Data = {};
  for (const { name } of schema) {
    const answer = await ask("GET", `${apiPath}/${name}?size=1000`, { token: key });
    data[name] = expectStatus(answer, 200).body.data;
  }
  return data;
}

/** Random records with references among them, without those that a rule refuses. */
async function fill(
  workspace: TestWorkspace,
  schema: readonly EntityDefinition[],
  seeds: Iterator<number>,
): Promise<Data> {
  for (const { name, columns } of [...schema, ...schema]) {
    const parents = await dataOf(workspace, schema);
    const seed = seeds.next().value ?? 0;
    const count = seed % 4;
    const items = Array.from({ length: count }, (_, i) => {
      const fields = columns.map((column, c) => {
        const isLeftOut = (seed + i * 7 + c * 3) % 5 === 0 && column.nullable;
        return [column.name, isLeftOut ? null : valueFor(column, parents, seed + i * 31 + c)];
      });
      return Object.fromEntries(fields);
    });
    if (items.length > 0) expectStatus(await workspace.api("POST", `/${name}/bulk`, { body: items }), 200);
  }
  return dataOf(workspace, schema);
}

function valueFor(column: Column, parents: Data, seed: number): JsonValue {
  if (column.references) {
    const targets = parents[column.references.entity] ?? [];
    return (targets[seed % Math.max(1, targets.length)]?.id as JsonValue | undefined) ?? null;
  }
  return fc.sample(valueArbitrary(column), { seed, numRuns: 1 })[0] ?? null;
}

/** The expected records after the change, by the names of B; or why it must be refused. */
function expectedData(
  old: readonly EntityDefinition[],
  target: readonly EntityShape[],
  records: Data,
  completed: readonly EntityDefinition[],
): { data: Data; problem: string | undefined } {
  const data: Data = {};
  let problem: string | undefined;
  const complain = (text: string) => {
    problem ??= text;
  };
  target.forEach((shape, i) => {
    const next = completed[i];
    const before =
      old.find(({ id }) => id === shape.id) ??
      (shape.id
        ? undefined
        : old.find(
            ({ name }) =>
              name === shape.name &&
              !target.some(({ id }) => id === old.find((each) => each.name === name)?.id),
          ));
    if (!next) return;
    const rows = before ? (records[before.name] ?? []) : [];
    data[next.name] = rows.map((row) => convertRecord(row, { before, next, shape, complain }));
  });
  for (const next of completed) checkRules(next, { data, completed, complain });
  return { data, problem };
}

interface Converting {
  readonly before: EntityDefinition | undefined;
  readonly next: EntityDefinition;
  readonly shape: EntityShape;
  complain(text: string): void;
}

function oldColumnOf({ before, shape }: Pick<Converting, "before" | "shape">, c: number): Column | undefined {
  const sent = shape.columns[c];
  const claimed = new Set(shape.columns.map(({ id }) => id));
  return before?.columns.find((column) =>
    sent?.id ? column.id === sent.id : column.name === sent?.name && !claimed.has(column.id),
  );
}

function convertRecord(row: JsonObject, { before, next, shape, complain }: Converting): JsonObject {
  const result: Record<string, JsonValue> = { id: row.id ?? null };
  next.columns.forEach((column, c) => {
    const old = oldColumnOf({ before, shape }, c);
    const value = old ? (row[old.name] ?? null) : null;
    const isFilled = !old || (value === null && !column.nullable);
    const after = isFilled
      ? defaultOf(column)
      : old && value !== null
        ? converted(value, old, column)
        : value;
    if (after === undefined) complain(`${column.name}: ${JSON.stringify(value)} does not convert`);
    if ((after ?? null) === null && !column.nullable) complain(`${column.name} has no value`);
    result[column.name] = after ?? null;
  });
  return result;
}

function defaultOf(column: Column): JsonValue {
  if (column.default === undefined || column.default === null) return null;
  const type = columnTypeOf(column);
  const parsed = type.parse(column.default, column);
  return parsed.ok && parsed.value !== null ? type.toJson(parsed.value, column) : null;
}

interface Judging {
  readonly data: Data;
  readonly completed: readonly EntityDefinition[];
  complain(text: string): void;
}

function checkRules(next: EntityDefinition, { data, completed, complain }: Judging): void {
  const rows = data[next.name] ?? [];
  const columns = next.columns.map(({ references: _, ...column }) => column);
  const validator = recordValidatorOf(entityOf({ ...next, relationships: [], columns }));
  for (const { id: _, ...row } of rows) {
    const judged = validator.validateCreate(row, {
      iso: "2026-11-23T00:00:00.000Z",
      generateUuid: () => UUID,
    });
    if (!judged.ok) complain(JSON.stringify(judged.details));
  }
  const unique = [
    ...next.columns.filter((column) => column.unique).map(({ name }) => [name]),
    ...next.constraints.flatMap((rule) => (rule.type === "UNIQUE_COMPOSITE" ? [rule.fields] : [])),
  ];
  for (const fields of unique) {
    const keys = rows
      .map((row) => fields.map((field) => row[field] ?? null))
      .filter((key) => !key.includes(null))
      .map((key) => JSON.stringify(key));
    if (new Set(keys).size < keys.length) complain(`${fields} repeats`);
  }
  for (const { name, references } of next.columns) {
    if (!references || !completed.some((entity) => entity.name === references.entity)) continue;
    const ids = new Set((data[references.entity] ?? []).map(({ id }) => id));
    for (const row of rows) {
      if (row[name] !== null && !ids.has(row[name] ?? null)) complain(`${name} refers to nothing`);
    }
  }
}
