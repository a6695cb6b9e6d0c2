import fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace } from "../support/workspace.ts";

/*
 * A document from another deployment can be applied twice. The first time it makes exactly the differences, with
 * renames by `previousNames` that keep all data; the second time none. Its ids mean nothing here, even if they equal
 * ids of other things.
 */

const RUNS = 15;
const COLUMN_NAMES = ["alpha", "beta", "gamma", "delta", "omega"];
const ENTITY_NAMES = ["First", "Second", "Third"];

interface Fate {
  readonly name: string;
  /** The name in the document; null if it is not in it. */
  readonly next: string | null;
}

interface Promotion {
  readonly name: string;
  readonly next: string;
  readonly columns: readonly Fate[];
  readonly added: readonly string[];
}

const fateArbitrary = (name: string): fc.Arbitrary<Fate> =>
  fc.constantFrom(name, name, `${name}New`, `${name}New`, null).map((next) => ({ name, next }));

const promotionArbitrary = (name: string): fc.Arbitrary<Promotion> =>
  fc
    .record({
      next: fc.constantFrom(name, `${name}New`),
      names: fc.subarray(COLUMN_NAMES, { minLength: 1 }),
      added: fc.subarray(["epsilon", "zeta"]),
    })
    .chain(({ next, names, added }) =>
      fc.tuple(...names.map(fateArbitrary)).map((columns): Promotion => ({ name, next, columns, added })),
    );

const typeOf = (name: string) => (name.startsWith("b") ? "INTEGER" : "VARCHAR");
const valueIn = (name: string, row: number) => (typeOf(name) === "INTEGER" ? row : `${name} ${row}`);

const before = ({ name, columns }: Promotion) => ({
  name,
  columns: columns.map((column) => ({ name: column.name, type: typeOf(column.name) })),
});

/** The entity as the other deployment has it. `ids` belong to other things here. */
function after({ name, next, columns, added }: Promotion, ids: readonly string[]): JsonObject {
  const kept = columns.flatMap(({ name: old, next: now }) => {
    const previousNames = now === old ? {} : { previousNames: [old] };
    return now === null ? [] : [{ name: now, type: typeOf(old), ...previousNames }];
  });
  const fresh = added.map((each) => ({ name: each, type: "VARCHAR" }));
  const all = [...kept, ...fresh].map((column, i) => ({ ...column, id: ids[i % ids.length] ?? "col_x" }));
  return { id: "ent_other", name: next, ...(next !== name && { previousNames: [name] }), columns: all };
}

function differencesOf({ name, next, columns, added }: Promotion): readonly string[] {
  return [
    ...(name === next ? [] : [`RENAME_ENTITY ${next}`]),
    ...columns.flatMap(({ name: old, next: now }) => {
      if (now === null) return [`DROP_COLUMN ${next}.${old}`];
      return now === old ? [] : [`RENAME_COLUMN ${next}.${now}`];
    }),
    ...added.map((column) => `ADD_COLUMN ${next}.${column}`),
  ];
}

it("a document of another deployment makes exactly the differences, then none, and keeps all data", async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(...ENTITY_NAMES.map(promotionArbitrary)), async (promotions) => {
      const w = await makeWorkspace(...promotions.map(before));
      for (const { name, columns } of promotions) {
        const rows = [1, 2].map((row) =>
          Object.fromEntries(columns.map((column) => [column.name, valueIn(column.name, row)])),
        );
        expectStatus(await w.api("POST", `/${name}/bulk`, { body: rows }), 200);
      }
      const here = (await w.admin("GET", "/schema")).body.data;
      const ids = here.entities.flatMap((entity: { columns: { id: string }[] }) =>
        entity.columns.map(({ id }) => id).reverse(),
      );
      const body = {
        deployment: "dep_other",
        version: 1234,
        entities: promotions.map((promotion) => after(promotion, ids)),
      };
      const put = async () =>
        expectStatus(await w.admin("PUT", "/schema?allow=lossy", { body }), 200).body.data.changes;
      const made = (await put()).map(({ kind, entity, column }: Record<string, string>) =>
        column === undefined ? `${kind} ${entity}` : `${kind} ${entity}.${column}`,
      );
      const structural = made.filter((each: string) => !/^(ALTER_COLUMN|CHANGE_SETTINGS)/.test(each));
      expect(structural.toSorted()).toEqual(promotions.flatMap(differencesOf).toSorted());
      expect(await put()).toEqual([]);
      for (const { next, columns, added } of promotions) {
        const { data } = expectStatus(await w.api("GET", `/${next}?sort=id`), 200).body;
        const rows = [1, 2].map((row) => ({
          id: row,
          ...Object.fromEntries(
            columns.flatMap(({ name, next: now }) => (now === null ? [] : [[now, valueIn(name, row)]])),
          ),
          ...Object.fromEntries(added.map((name) => [name, null])),
        }));
        expect(data).toEqual(rows);
      }
    }),
    { numRuns: RUNS },
  );
}, 300_000);
