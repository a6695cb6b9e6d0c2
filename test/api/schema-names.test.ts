import { describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { database } from "../support/database.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Indexes and triggers have names too. No names of a schema may make them clash. */

const setNull = { references: { entity: "A", relationship: "p", onDelete: "SET_NULL" } };
const A = { name: "A", tableName: "a", columns: [{ name: "x", columnName: "b__version_c", ...setNull }] };
const B = { name: "B", tableName: "a__version_b", columns: [{ name: "c", ...setNull }] };

const PAIR = { type: "UNIQUE_COMPOSITE", fields: ["a", "b"] };
const TWIN = {
  name: "Item",
  columns: [
    { name: "a", type: "INTEGER" },
    { name: "b", type: "INTEGER" },
  ],
};
const error = (field: string) => ({
  code: "VALIDATION_ERROR",
  message: "Validation failed: 1 error(s)",
  details: [{ field, message: "repeats constraints[0]" }],
});

/** Whether a SET NULL still counts as a write, and the count is still that of the table. */
async function expectTriggers(w: TestWorkspace, entity: string, field: string): Promise<void> {
  const parent = expectStatus(await w.api("POST", "/A", { body: {} }), 201).body.data.id;
  const made = expectStatus(await w.api("POST", `/${entity}`, { body: { [field]: parent } }), 201);
  const path = `/${entity}/${made.body.data.id}`;
  const before = (await w.api("GET", path)).headers.get("ETag");
  expectStatus(await w.api("DELETE", `/A/${parent}`), 204);
  const after = expectStatus(await w.api("GET", path), 200);
  expect(after.body.data[field]).toBeNull();
  expect(after.headers.get("ETag")).not.toBe(before);
  const { data, meta } = (await w.api("GET", `/${entity}?size=100`)).body;
  expect(meta.totalElements).toBe(data.length);
}

it.each(["transaction", "tokens", "me", "by", "By"])("'%s' is no name of an entity", async (name) => {
  const w = await makeWorkspace();
  expectFailure(await w.admin("POST", "/entities", { body: { name, columns: [] } }), 422, {
    code: "VALIDATION_ERROR",
    message: "Validation failed: 1 error(s)",
    details: [{ field: "name", message: "is a reserved name" }],
  });
});

describe("names of triggers", () => {
  it("do not clash, whatever tables and columns are called", async () => {
    const w = await makeWorkspace();
    expectStatus(await w.admin("PUT", "/schema", { body: { entities: [A, B] } }), 200);
    await expectTriggers(w, "A", "x");
    await expectTriggers(w, "B", "c");
  });

  it.each(["__", "."])(
    "may be those of earlier versions, with %s: a change replaces them, and no other table's",
    async (separator) => {
      const w = await makeWorkspace();
      const plain = { ...A, columns: [{ name: "y", type: "TEXT" }] };
      expectStatus(await w.admin("PUT", "/schema", { body: { entities: [plain, B] } }), 200);
      await makeTriggersOfBefore(w, separator, [
        { table: "a", emptied: [], checks: [] },
        { table: "a__version_b", emptied: ["c"], checks: [] },
      ]);
      const { entities } = (await w.admin("GET", "/schema")).body.data;
      const put = (first: object) =>
        w.admin("PUT", "/schema?allow=lossy", {
          body: { entities: [{ id: entities[0].id, ...first }, entities[1]] },
        });
      await expectTriggers(w, "B", "c");
      expectStatus(await put(A), 200);
      await expectTriggers(w, "A", "x");
      await expectTriggers(w, "B", "c");
      expectStatus(await put({ ...A, columns: [] }), 200);
      await expectTriggers(w, "B", "c");
      expectStatus(await w.admin("DELETE", "/entities/B/columns/c?confirm=c"), 204);
      expect(await triggerNamesOf(w)).toEqual([
        "a.delete",
        "a.insert",
        "a__version_b.delete",
        "a__version_b.insert",
      ]);
    },
  );

  it("are at most one per event, and replace the one per rule of earlier versions", async () => {
    const w = await makeWorkspace();
    const fields = ["low", "middle", "high"];
    const columns = fields.map((name) => ({ name, type: "INTEGER" }));
    const lessThan = (field: string, otherField: string) => ({ type: "FIELD_LESS_THAN", field, otherField });
    await w.define({
      name: "Span",
      tableName: "span",
      columns,
      constraints: [lessThan("low", "middle"), lessThan("middle", "high")],
    });
    const now = ["span.delete", "span.insert", "span.update"];
    expect(await triggerNamesOf(w)).toEqual(now);
    await makeTriggersOfBefore(w, ".", [
      {
        table: "span",
        emptied: [],
        checks: ['NOT (NEW."low" < NEW."middle")', 'NOT (NEW."middle" < NEW."high")'],
      },
    ]);
    const expectRules = async () => {
      const body = { low: 1, middle: 2, high: 3 };
      const { id } = expectStatus(await w.api("POST", "/Span", { body }), 201).body.data;
      expect((await w.api("PATCH", `/Span/${id}`, { body: { middle: 3 } })).status).toBe(422);
      expect((await w.api("PATCH", `/Span/${id}`, { body: { middle: 1 } })).status).toBe(422);
      expect((await w.api("POST", "/Span", { body: { ...body, low: 2 } })).status).toBe(422);
      const { data, meta } = (await w.api("GET", "/Span")).body;
      expect(meta.totalElements).toBe(data.length);
    };
    await expectRules();
    const more = { body: { name: "note", type: "VARCHAR", indexed: true } };
    expectStatus(await w.admin("POST", "/entities/Span/columns", more), 201);
    const constraints = [lessThan("low", "high")];
    expectStatus(await w.admin("PATCH", "/entities/Span", { body: { constraints } }), 200);
    expect(await triggerNamesOf(w)).toEqual(now);
    expectStatus(await w.api("POST", "/Span", { body: { low: 1, middle: 9, high: 3 } }), 201);
    const { data, meta } = (await w.api("GET", "/Span")).body;
    expect(meta.totalElements).toBe(data.length);
  });
});

describe("a UNIQUE_COMPOSITE", () => {
  it("is unique: a second one over the same fields is refused, everywhere", async () => {
    const w = await makeWorkspace();
    const twins = { ...TWIN, constraints: [PAIR, PAIR] };
    expectFailure(await w.admin("POST", "/entities", { body: twins }), 422, error("constraints[1].fields"));
    expectFailure(
      await w.admin("PUT", "/schema", { body: { entities: [twins] } }),
      422,
      error("entities[0].constraints[1].fields"),
    );
    const other = { ...PAIR, fields: ["b", "a"] };
    await w.define({ ...TWIN, constraints: [PAIR, other] });
    expectFailure(
      await w.admin("PATCH", "/entities/Item", { body: { constraints: [PAIR, other, PAIR] } }),
      422,
      error("constraints[2].fields"),
    );
  });
});

async function triggersOf({ organization, workspace }: TestWorkspace) {
  const prefix = `'w' || (SELECT w.id FROM workspaces w JOIN organizations o ON o.id = w.organization_id WHERE o.slug = ? AND w.slug = ?) || '_*'`;
  const sql = `SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name GLOB ${prefix} ORDER BY name`;
  const [rows = []] = await database.read([{ sql, args: [organization, workspace] }]);
  return rows.map(([name, table]) => ({ name: String(name), table: String(table) }));
}

const triggerNamesOf = async (w: TestWorkspace) =>
  (await triggersOf(w)).map(({ name }) => name.replace(/^w\d+_/, ""));

interface TableOfBefore {
  readonly table: string;
  /** Columns that SET NULL empties. */
  readonly emptied: readonly string[];
  /** SQL for values that break the constraints. */
  readonly checks: readonly string[];
}

/** The triggers of databases from the time when each rule had its own. */
async function makeTriggersOfBefore(
  w: TestWorkspace,
  separator: string,
  tables: readonly TableOfBefore[],
): Promise<void> {
  const present = await triggersOf(w);
  const prefix = /^w\d+_/.exec(present[0]?.table ?? "")?.[0] ?? "";
  const made = tables.flatMap(({ table: short, emptied, checks }) => {
    const table = prefix + short;
    const trigger = (purpose: string, event: string, body: string) =>
      `CREATE TRIGGER "${table}${separator}${purpose}" AFTER ${event} BEGIN ${body} END`;
    const count = (step: string) =>
      `UPDATE record_counts SET count = count ${step} 1 WHERE table_name = '${table}';`;
    return [
      trigger("count_insert", `INSERT ON "${table}"`, count("+")),
      trigger("count_delete", `DELETE ON "${table}"`, count("-")),
      ...emptied.map((column) => {
        const event = `UPDATE OF "${column}" ON "${table}" WHEN NEW."_version" = OLD."_version"`;
        const body = `UPDATE "${table}" SET "_version" = "_version" + 1 WHERE "id" = NEW."id";`;
        return trigger(`version_${column}`, event, body);
      }),
      ...checks.flatMap((check, i) => {
        const body = `SELECT RAISE(ABORT, 'CONSTRAINT:${i}') WHERE ${check};`;
        return ["INSERT", "UPDATE"].map((event) => {
          return trigger(`constraint_${i}_${event.toLowerCase()}`, `${event} ON "${table}"`, body);
        });
      }),
    ];
  });
  const dropped = present.map(({ name }) => `DROP TRIGGER "${name}"`);
  await database.write([...dropped, ...made].map((sql) => ({ sql, args: [] })));
}
