import { columnTypeOf } from "../columns/registry.ts";
import { badRequest } from "../errors/api-errors.ts";
import { type Catalog, idColumnOf } from "../model/catalog.ts";
import type { Column } from "../model/column.ts";
import type { Entity, Relationship } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { OutboxEvent } from "../model/webhook.ts";
import { evaluatePredicate } from "../query/evaluate/evaluate-predicate.ts";
import { parseJsonFilter } from "../query/parse/parse-json-filter.ts";
import { planRule } from "../query/plan/plan-filter.ts";
import type { Predicate } from "../query/plan/predicate.ts";
import { READ_EVERYTHING } from "../query/plan/target.ts";
import { treeWithIds, treeWithNames } from "../query/rules/rule-names.ts";
import { joinParts } from "./message-body.ts";

/*
 * The filter of a webhook is a tree of the filter language over the event, which has two to-one relationships: `record`
 * and `previous`. All fields of an absent one are null, as for a null reference.
 */

/** An entity in its workspace. */
export interface EventPlace {
  readonly catalog: Catalog;
  readonly entity: Entity;
}

/** Returns the tree with ids instead of names. Throws BAD_REQUEST if it does not fit the entity. */
export function eventFilterWithIds(place: EventPlace, tree: JsonObject): JsonObject {
  planEventFilter(place, tree);
  return treeWithIds(place.catalog, eventOf(place.entity), tree);
}

/** Returns the tree with current names; undefined if something that it names was deleted. */
export const eventFilterWithNames = ({ catalog, entity }: EventPlace, tree: JsonObject) =>
  treeWithNames(catalog, eventOf(entity), tree);

/**
 * Whether an event satisfies a stored filter. True if that cannot be decided, because a name was deleted or changed
 * since the event: sending too much does less harm than losing an event.
 */
export function isWanted(place: EventPlace, stored: JsonObject, event: OutboxEvent): boolean {
  const tree = eventFilterWithNames(place, stored);
  if (!tree) return true;
  const predicate = planEventFilter(place, tree);
  const images = { record: joinParts(event.record), previous: joinParts(event.previous) };
  const known = Object.values(images).filter((image) => image !== null);
  const isKnown = ({ name }: Column) => known.every((image) => Object.hasOwn(image, name));
  if (!testedColumns(predicate).every(isKnown)) return true;
  return evaluatePredicate(predicate, {
    valueOf: () => null,
    related: ({ relationship: { name } }) => imageOf(name === "record" ? images.record : images.previous),
  });
}

const imageOf = (image: JsonObject | null) => ({
  valueOf: (column: Column) => storedValue(image, column),
  related: () => imageOf(null),
});

function storedValue(image: JsonObject | null, column: Column): SqlValue {
  const value = image?.[column.name] ?? null;
  if (value === null) return null;
  const parsed = columnTypeOf(column).parse(value, column);
  return parsed.value ?? null;
}

function planEventFilter({ catalog, entity }: EventPlace, tree: JsonObject): Predicate {
  const target = { catalog, entity: eventOf(entity), scope: READ_EVERYTHING };
  const predicate = planRule(target, parseJsonFilter(JSON.stringify(tree)), []);
  rejectOtherRecords(predicate, 0);
  return predicate;
}

function rejectOtherRecords(predicate: Predicate, depth: number): void {
  if (predicate.kind === "ALL" || predicate.kind === "ANY")
    for (const each of predicate.predicates) rejectOtherRecords(each, depth);
  if (predicate.kind === "NOT") rejectOtherRecords(predicate.predicate, depth);
  if (predicate.kind !== "RELATED") return;
  if (depth > 0) {
    const { name } = predicate.hop.relationship;
    throw badRequest(`'${name}' leads to another record — a webhook's filter reads fields of the event only`);
  }
  rejectOtherRecords(predicate.predicate, depth + 1);
}

function testedColumns(predicate: Predicate): readonly Column[] {
  if (predicate.kind === "TEST") return [predicate.column];
  return "predicate" in predicate
    ? testedColumns(predicate.predicate)
    : predicate.predicates.flatMap(testedColumns);
}

/** An event as an entity: without columns, with relationships to the record now and before. */
function eventOf(entity: Entity): Entity {
  const relationship = (name: string): [string, Relationship] => [
    name,
    { kind: "TO_ONE", name, target: entity.name, column: { ...idColumnOf(entity), id: name, name } },
  ];
  const relationships = new Map(["record", "previous"].map(relationship));
  return { ...entity, name: "the event", columns: [], columnByName: new Map(), relationships };
}
