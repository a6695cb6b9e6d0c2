import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileOutboxTriggers } from "../../../src/ddl/outbox-triggers.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { OutboxEvent } from "../../../src/model/webhook.ts";
import { eventFilterWithIds, isWanted } from "../../../src/webhooks/event-filter.ts";
import { treeOf } from "../../support/query/arbitrary.ts";
import { TestDatabase } from "../../support/query/database.ts";
import { compileListOf, entityOf, shopCatalog, targetIn } from "../../support/query/shop.ts";
import { sampleWorld } from "../../support/query/world.ts";

/*
 * A webhook's filter is evaluated in memory, on what the triggers have written of a record. It must choose the records that
 * a list with the same filter has.
 */

const catalog = shopCatalog();
const { world, database } = sampleWorld(catalog, 11);
const RUNS = { numRuns: Number(process.env.RUNS ?? 300) };

/** The events of all records, as the triggers of the product write them. */
function eventsOf(name: string): readonly OutboxEvent[] {
  const entity = entityOf(catalog, name);
  const watched = new TestDatabase(catalog);
  watched.exec("CREATE TABLE entities (id TEXT, name TEXT)");
  watched.exec(
    "CREATE TABLE webhook_events (workspace_id, message_id, type, entity_id, entity_name, record_id, record, previous, is_omitted, created_at)",
  );
  for (const trigger of compileOutboxTriggers(1, entity, ["record.created"])) watched.run(trigger);
  watched.transaction(() => {
    for (const record of world.records[name] ?? []) watched.insert(entity, record);
  });
  const rows = watched.rows({ sql: "SELECT record_id, record FROM webhook_events ORDER BY rowid", args: [] });
  return rows.map(([recordId, record]) => ({
    organization: "o",
    workspace: "w",
    entity: name,
    entityId: entity.id,
    type: "record.created",
    recordId: recordId as string | number,
    record: record as string,
    previous: null,
    createdAt: "",
    isOmitted: false,
  }));
}

const idsIn = (name: string, tree: JsonObject): readonly unknown[] => {
  const query = new URLSearchParams({ filter: JSON.stringify(tree), size: "1000", sort: "id" });
  const { data } = database.answer(compileListOf(targetIn(catalog, name), query.toString()));
  return data.map(({ id }) => id);
};

describe.each(["Customer", "Order", "LineItem", "Tag"])("a webhook's filter on %s", (name) => {
  const entity = entityOf(catalog, name);
  const place = { catalog, entity };
  const events = eventsOf(name);
  const wantedBy = (tree: JsonObject) => {
    const stored = JSON.parse(JSON.stringify(eventFilterWithIds(place, tree)));
    return events.filter((event) => isWanted(place, stored, event)).map(({ recordId }) => recordId);
  };

  it("chooses the records that SQL finds with it", () => {
    expect(events).toHaveLength(world.records[name]?.length ?? 0);
    fc.assert(
      fc.property(treeOf(catalog, entity, { hops: 0, depth: 3 }), (tree) => {
        expect(wantedBy({ record: tree })).toEqual(idsIn(name, tree));
      }),
      RUNS,
    );
  });

  it("takes the fields of an absent record for null, and negates that too", () => {
    fc.assert(
      fc.property(treeOf(catalog, entity, { hops: 0, depth: 2 }), (tree) => {
        const all = events.map(({ recordId }) => recordId);
        const found = wantedBy({ previous: tree });
        const others = wantedBy({ not: { previous: tree } });
        expect([found, others].map(({ length }) => length).sort()).toEqual([0, all.length]);
      }),
      RUNS,
    );
  });
});
