import type { Detail } from "../../errors/app-error.ts";
import type { ApiKeyScope } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { OperatorName } from "../../query/operators.ts";
import { parseRule } from "../../query/parse/parse-filter.ts";
import { planRule } from "../../query/plan/plan-filter.ts";
import type { Predicate } from "../../query/plan/predicate.ts";
import { READ_EVERYTHING } from "../../query/plan/target.ts";
import { treeWithNames } from "../../query/rules/rule-names.ts";

/** Names each filter that makes the database read a whole table, and the index that would help. */
export function findWarnings(catalog: Catalog, scopes: readonly ApiKeyScope[]): readonly Detail[] {
  const byId = new Map([...catalog.entities.values()].map((entity) => [entity.id, entity]));
  return scopes.flatMap(({ entityId, filter }, i) => {
    const entity = byId.get(entityId);
    if (!entity || !filter) return [];
    const messages = scansOf(planNamed(catalog, entity, filter), entity).map(messageOf);
    return [...new Set(messages)].map((message) => ({ field: `scopes[${i}].filter`, message }));
  });
}

function planNamed(catalog: Catalog, entity: Entity, filter: JsonObject): Predicate {
  const named = treeWithNames(catalog, entity, filter) ?? filter;
  return planRule({ catalog, entity, scope: READ_EVERYTHING }, parseRule(named), []);
}

interface Scan {
  readonly entity: Entity;
  readonly rule: Predicate;
}

/** The tables that have no index for the rule: its own, and those that its relationships lead to. */
const scansOf = (rule: Predicate, entity: Entity): readonly Scan[] => [
  ...(isFoundByIndex(rule) ? [] : [{ entity, rule }]),
  ...scansBehind(rule),
];

function scansBehind(rule: Predicate): readonly Scan[] {
  switch (rule.kind) {
    case "TEST":
      return [];
    case "RELATED":
      return scansOf(rule.predicate, rule.hop.entity);
    case "NOT":
      return scansBehind(rule.predicate);
    case "ALL":
    case "ANY":
      return rule.predicates.flatMap(scansBehind);
  }
}

const SEARCHED: ReadonlySet<OperatorName> = new Set([
  "eq",
  "in",
  "gt",
  "gte",
  "lt",
  "lte",
  "between",
  "startsWith",
  "isNull",
]);

const isIndexed = ({ name, indexed, unique, references }: Column) =>
  name === "id" || indexed || unique || references !== undefined;

/** References and ids, which relationships follow, are always indexed. */
function isFoundByIndex(rule: Predicate): boolean {
  switch (rule.kind) {
    case "TEST":
      return SEARCHED.has(rule.operator) && isIndexed(rule.column);
    case "RELATED":
      return true;
    case "NOT":
      return false;
    case "ALL":
      return rule.predicates.some(isFoundByIndex);
    case "ANY":
      return rule.predicates.length > 0 && rule.predicates.every(isFoundByIndex);
  }
}

function messageOf({ entity, rule }: Scan): string {
  const names = new Set(columnsToIndex(rule).map(({ name }) => `${entity.name}.${name}`));
  const help = names.size > 0 ? `an index on ${[...names].join(" or ")} would help` : "no index can serve it";
  return `reads every ${entity.name}: ${help}`;
}

/** Columns of the rule's own entity that an index could use. */
function columnsToIndex(rule: Predicate): readonly Column[] {
  if (rule.kind === "TEST")
    return SEARCHED.has(rule.operator) && !isIndexed(rule.column) ? [rule.column] : [];
  return rule.kind === "ALL" || rule.kind === "ANY" ? rule.predicates.flatMap(columnsToIndex) : [];
}
