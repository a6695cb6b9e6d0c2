import { AppError } from "../../errors/app-error.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { ApiKeyScope, Operation } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { JsonObject } from "../../model/json.ts";
import { parseRule } from "../parse/parse-filter.ts";
import { planRule } from "../plan/plan-filter.ts";
import type { Operand } from "../plan/plan-operand.ts";
import { NOTHING, type Predicate } from "../plan/predicate.ts";
import { type QueryTarget, READ_EVERYTHING } from "../plan/target.ts";
import { treeWithNames } from "./rule-names.ts";
import { type ReadableFields, visibleCatalogOf } from "./visible-catalog.ts";

/** The rules of some scopes against one catalog, whatever the claims. Made once for all requests that share both. */
export interface Rules {
  /** Without the fields that may not be read. */
  readonly catalog: Catalog;
  readonly operands: readonly Operand[];
  /** Which records there are for an operation, by entity name; null: all. */
  rowsOf(operation: Operation, entityName: string): Predicate | null;
  /** What a written record must satisfy. */
  checkOf(operation: "create" | "update", entityName: string): Predicate | null;
}

/** Rules kept for each catalog: most workspaces have a handful of roles and keys. */
const RULES_PER_CATALOG = 10;
const kept = new WeakMap<Catalog, LruMap<string, Rules>>();
const texts = new WeakMap<readonly ApiKeyScope[], string>();

export function rulesOf(catalog: Catalog, scopes: readonly ApiKeyScope[]): Rules {
  const ofCatalog = kept.get(catalog) ?? new LruMap<string, Rules>(RULES_PER_CATALOG);
  kept.set(catalog, ofCatalog);
  const text = texts.get(scopes) ?? JSON.stringify(scopes);
  texts.set(scopes, text);
  const known = ofCatalog.get(text);
  if (known) return known;
  const planned = planRules(catalog, scopes);
  ofCatalog.set(text, planned);
  return planned;
}

interface PlannedScope {
  readonly scope: ApiKeyScope;
  /** Null: no rule. */
  readonly filter: Predicate | null;
  readonly check: Predicate | null;
}

function planRules(catalog: Catalog, scopes: readonly ApiKeyScope[]): Rules {
  const operands: Operand[] = [];
  const byId = new Map([...catalog.entities.values()].map((entity) => [entity.id, entity]));
  const planned = scopes.map((scope): PlannedScope => {
    const entity = byId.get(scope.entityId);
    const plan = (tree: JsonObject | undefined) =>
      tree && entity ? planTree({ catalog, entity, scope: READ_EVERYTHING }, tree, operands) : null;
    const filter = plan(scope.filter);
    return { scope, filter, check: scope.check ? plan(scope.check) : filter };
  });
  const scopesFor = (operation: Operation, entityName: string) => {
    const id = catalog.entities.get(entityName)?.id;
    return planned.filter(({ scope }) => scope.entityId === id && scope.operations.includes(operation));
  };
  const rowsFor = (operation: Operation, name: string) =>
    anyOf(scopesFor(operation, name).map(({ filter }) => filter));
  return {
    catalog: visibleCatalogOf(catalog, readableFieldsOf(scopes)),
    operands,
    rowsOf(operation, name) {
      const rows = rowsFor(operation, name);
      const isChange = operation === "update" || operation === "delete";
      return isChange ? bothOf(rowsFor("read", name), rows) : rows;
    },
    checkOf: (operation, name) => anyOf(scopesFor(operation, name).map(({ check }) => check)),
  };
}

/** What may be changed must exist. */
function bothOf(left: Predicate | null, right: Predicate | null): Predicate | null {
  if (!left || !right || left === right) return left ?? right;
  return { kind: "ALL", predicates: [left, right] };
}

/** One of the rules must hold; a scope without a rule allows everything. */
function anyOf(rules: readonly (Predicate | null)[]): Predicate | null {
  const known = rules.filter((rule) => rule !== null);
  if (known.length < rules.length) return null;
  const [only = NOTHING] = known;
  return known.length > 1 ? { kind: "ANY", predicates: known } : only;
}

/** A rule that does not fit the schema any more, because what it names is gone or has another type, never holds. */
function planTree(target: QueryTarget, tree: JsonObject, operands: Operand[]): Predicate {
  const named = treeWithNames(target.catalog, target.entity, tree);
  try {
    return named ? planRule(target, parseRule(named), operands) : NOTHING;
  } catch (failure) {
    if (failure instanceof AppError) return NOTHING;
    throw failure;
  }
}

/** Scopes for one entity that allow reading agree in their fields. An entity that may not be read hides nothing by them. */
function readableFieldsOf(scopes: readonly ApiKeyScope[]): ReadableFields {
  return new Map(
    scopes.flatMap(({ entityId, operations, fields }) =>
      fields && operations.includes("read") ? [[entityId, new Set(fields)] as const] : [],
    ),
  );
}
