import type { Detail } from "../../errors/app-error.ts";
import type { ApiKeyScope } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { parseRule } from "../../query/parse/parse-filter.ts";
import { planRule } from "../../query/plan/plan-filter.ts";
import type { Predicate } from "../../query/plan/predicate.ts";
import { READ_EVERYTHING } from "../../query/plan/target.ts";
import { treeWithNames } from "../../query/rules/rule-names.ts";
import { compileRuleProbe, type RuleProbe } from "../../query/sql/compile-rule.ts";
import type { ServiceContext } from "../context.ts";

interface Probed extends RuleProbe {
  readonly field: string;
  readonly rule: Predicate;
}

/** What the owner of scopes should know: rules that search a table without an index. Asks the database once, if at all. */
export async function findWarnings(
  { database }: ServiceContext,
  catalog: Catalog,
  scopes: readonly ApiKeyScope[],
): Promise<readonly Detail[]> {
  const byId = new Map([...catalog.entities.values()].map((entity) => [entity.id, entity]));
  const probes = scopes.flatMap((scope, i): readonly Probed[] => {
    const entity = byId.get(scope.entityId);
    const { filter } = scope;
    return entity && filter ? [probe(catalog, entity, { filter, field: `scopes[${i}].filter` })] : [];
  });
  if (probes.length === 0) return [];
  const plans = await database.read(
    probes.map(({ statement }) => ({ ...statement, sql: `EXPLAIN QUERY PLAN ${statement.sql}` })),
  );
  return probes.flatMap((each, i) => {
    const steps = (plans[i] ?? []).map((row) => String(row.at(-1)));
    return steps.flatMap((step) => warningOf(each, step) ?? []);
  });
}

function probe(
  catalog: Catalog,
  entity: Entity,
  { filter, field }: { readonly filter: JsonObject; readonly field: string },
): Probed {
  const named = treeWithNames(catalog, entity, filter) ?? filter;
  const rule = planRule({ catalog, entity, scope: READ_EVERYTHING }, parseRule(named), []);
  return { ...compileRuleProbe(entity, rule), field, rule };
}

function warningOf({ field, rule, entities }: Probed, step: string): Detail | undefined {
  const alias = /^SCAN (\w+)/.exec(step)?.[1] ?? "";
  const entity = entities.get(alias);
  if (!entity) return undefined;
  const columns = testedIn(rule, entity).filter((column) => !isIndexed(column));
  const names = [...new Set(columns.map(({ name }) => `${entity.name}.${name}`))];
  const help = names.length > 0 ? `an index on ${names.join(" or ")} would help` : "no index can serve it";
  return { field, message: `reads every ${entity.name}: ${help}` };
}

const isIndexed = ({ name, indexed, unique, references }: Column) =>
  name === "id" || indexed || unique || references !== undefined;

const SEARCHED = ["eq", "in", "gt", "gte", "lt", "lte", "between", "startsWith"];

/** Columns of an entity that an index would find by. */
function testedIn(rule: Predicate, entity: Entity): readonly Column[] {
  if (rule.kind === "TEST")
    return SEARCHED.includes(rule.operator) && entity.columns.includes(rule.column) ? [rule.column] : [];
  if (rule.kind === "NOT") return [];
  if (rule.kind === "RELATED") return testedIn(rule.predicate, entity);
  return rule.predicates.flatMap((each) => testedIn(each, entity));
}
