import { AppError } from "../../errors/app-error.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { Access, ApiKeyScope, Operation } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { isOperand } from "../../model/operand.ts";
import { parseRule } from "../parse/parse-filter.ts";
import { planRule } from "../plan/plan-filter.ts";
import { type Operand, planOperand } from "../plan/plan-operand.ts";
import { NOTHING, type Predicate } from "../plan/predicate.ts";
import { treeWithNames } from "./rule-names.ts";
import { type ReadableFields, visibleCatalogOf } from "./visible-catalog.ts";

/**
 * The rules of some layers of scopes for one catalog, for any claims. Built once for all requests with the same
 * layers and catalog.
 */
export interface Rules {
  /** Without unreadable fields. */
  readonly catalog: Catalog;
  readonly operands: readonly Operand[];
  readonly hasRules: boolean;
  /** Whether every layer allows reading the entity of a name. */
  canRead(entityName: string): boolean;
  /** The records that exist for an operation, by entity name; null for all. */
  rowsOf(operation: Operation, entityName: string): Predicate | null;
  /** The predicate that a written record must satisfy. */
  checkOf(operation: WriteOperation, entityName: string): Predicate | null;
  /** The fields that a write may have, and those that the server sets. */
  fieldsOf(operation: WriteOperation, entityName: string): WrittenFields;
}

export type WriteOperation = "create" | "update";

export interface WrittenFields {
  /** Whether a write may have the field. The field need not be readable. */
  isWritable(column: Column): boolean;
  readonly presets: readonly PlannedPreset[];
}

export interface PlannedPreset {
  readonly column: Column;
  /** The JSON of a body, or the position of an operand. */
  readonly value: { readonly json: JsonValue } | { readonly operand: number };
}

type Layers = Access["layers"];

/** Rules cached per catalog. Most workspaces have a handful of roles and keys. */
const RULES_PER_CATALOG = 10;
const kept = new WeakMap<Catalog, LruMap<string, Rules>>();
const texts = new WeakMap<readonly ApiKeyScope[], string>();

export function rulesOf(catalog: Catalog, layers: Layers): Rules {
  const ofCatalog = kept.get(catalog) ?? new LruMap<string, Rules>(RULES_PER_CATALOG);
  kept.set(catalog, ofCatalog);
  const text = layers.map(scopesKey).join("\n");
  const known = ofCatalog.get(text);
  if (known) return known;
  const planned = planRules(catalog, layers);
  ofCatalog.set(text, planned);
  return planned;
}

function scopesKey(scopes: readonly ApiKeyScope[]): string {
  const text = texts.get(scopes) ?? JSON.stringify(scopes);
  texts.set(scopes, text);
  return text;
}

interface PlannedScope {
  readonly scope: ApiKeyScope;
  /** Null for no rule. */
  readonly filter: Predicate | null;
  readonly check: Predicate | null;
  readonly presets: readonly (PlannedPreset & { readonly isOnUpdate: boolean })[];
}

function planRules(catalog: Catalog, layers: Layers): Rules {
  const operands: Operand[] = [];
  const planned: (readonly PlannedScope[])[] = [];
  for (const [i, scopes] of layers.entries()) {
    const above = rulesFrom(catalog, { layers: layers.slice(0, i), planned: [...planned], operands });
    planned.push(scopes.map((scope) => planScope(catalog, scope, { above, operands })));
  }
  return rulesFrom(catalog, { layers, planned, operands });
}

interface PlannedLayers extends Pick<Rules, "operands"> {
  readonly layers: Layers;
  readonly planned: readonly (readonly PlannedScope[])[];
}

function rulesFrom(catalog: Catalog, { layers, planned, operands }: PlannedLayers): Rules {
  const find = (operation: Operation, entityName: string) => {
    const id = catalog.entities.get(entityName)?.id;
    return planned.map((scopes) =>
      scopes.filter(({ scope }) => scope.entityId === id && scope.operations.includes(operation)),
    );
  };
  const rowsFor = (operation: Operation, name: string) =>
    allOf(find(operation, name).map((scopes) => anyOf(scopes.map(({ filter }) => filter))));
  return {
    catalog: visibleCatalogOf(catalog, readableFieldsOf(layers)),
    operands,
    hasRules: layers.flat().some(hasRule),
    canRead: (name) => find("read", name).every(({ length }) => length > 0),
    rowsOf(operation, name) {
      const rows = rowsFor(operation, name);
      const isChange = operation === "update" || operation === "delete";
      /* A record must exist before it can be changed. */
      return isChange ? allOf([rowsFor("read", name), rows]) : rows;
    },
    checkOf: (operation, name) =>
      allOf(find(operation, name).map((scopes) => anyOf(scopes.map(({ check }) => check)))),
    fieldsOf(operation, name) {
      const scopes = find(operation, name).flatMap(([first]) => first ?? []);
      return {
        isWritable: (column) =>
          scopes.every(({ scope: { writableFields, fields } }) => {
            return (writableFields ?? fields)?.includes(idOf(column)) ?? true;
          }),
        presets: scopes.flatMap(({ presets }) =>
          presets.filter(({ isOnUpdate }) => operation === "create" || isOnUpdate),
        ),
      };
    },
  };
}

const hasRule = ({ filter, check, fields, writableFields, presets }: ApiKeyScope) =>
  [filter, check, fields, writableFields, presets].some((rule) => rule !== undefined);

/** The rules of the layers above, which a scope must not reach past. */
interface Above {
  readonly above: Rules;
  readonly operands: Operand[];
}

function planScope(catalog: Catalog, scope: ApiKeyScope, { above, operands }: Above): PlannedScope {
  const name = [...catalog.entities.values()].find(({ id }) => id === scope.entityId)?.name ?? "";
  const entity = above.catalog.entities.get(name);
  const plan = (tree: JsonObject | undefined) =>
    tree && entity ? planTree(entity, tree, { above, operands }) : null;
  const filter = plan(scope.filter);
  const check = scope.check ? plan(scope.check) : filter;
  const presets = Object.entries(scope.presets ?? {}).flatMap(([id, { value, on }]) => {
    const column = entity?.columns.find((each) => idOf(each) === id);
    if (!column) return [];
    const isWritable = above.fieldsOf("create", name).isWritable(column);
    const planned = isWritable ? planPreset(column, value, operands) : UNKNOWN_OPERAND;
    return [{ column, value: planned, isOnUpdate: on === "WRITE" }];
  });
  return { scope, filter, check, presets };
}

function planPreset(column: Column, value: JsonValue, operands: Operand[]): PlannedPreset["value"] {
  if (!isOperand(value)) return { json: value };
  try {
    const operand = planOperand(value, { column, operator: "eq", isAlone: true });
    return { operand: operands.push(operand) - 1 };
  } catch (failure) {
    if (failure instanceof AppError) return UNKNOWN_OPERAND;
    throw failure;
  }
}

/** Has no value, like a missing claim. */
const UNKNOWN_OPERAND = { operand: -1 };

/**
 * A rule matches nothing if it no longer fits the schema, because something that it names was deleted or has another
 * type. It also matches nothing if it reaches records that the layers above hide: whoever mints a token could learn
 * about them.
 */
function planTree(entity: Entity, tree: JsonObject, { above, operands }: Above): Predicate {
  const { catalog, canRead } = above;
  const named = treeWithNames(catalog, entity, tree);
  const own: Operand[] = [...operands];
  const target = { catalog, entity, scope: { canRead, rowsOf: () => null } };
  try {
    const planned = named ? planRule(target, parseRule(named), own) : NOTHING;
    if (isReachingPast(planned, above)) return NOTHING;
    operands.push(...own.slice(operands.length));
    return planned;
  } catch (failure) {
    if (failure instanceof AppError) return NOTHING;
    throw failure;
  }
}

function isReachingPast(rule: Predicate, above: Rules): boolean {
  const isNarrowed = (entity: Entity | null) => entity !== null && above.rowsOf("read", entity.name) !== null;
  switch (rule.kind) {
    case "TEST":
      return false;
    case "NOT":
      return isReachingPast(rule.predicate, above);
    case "RELATED":
      return (
        isNarrowed(rule.hop.entity) || isNarrowed(rule.hop.through) || isReachingPast(rule.predicate, above)
      );
    case "ALL":
    case "ANY":
      return rule.predicates.some((each) => isReachingPast(each, above));
  }
}

/** A record must satisfy all of the rules. */
function allOf(rules: readonly (Predicate | null)[]): Predicate | null {
  const known = [...new Set(rules.filter((rule) => rule !== null))];
  const [only = null] = known;
  return known.length > 1 ? { kind: "ALL", predicates: known } : only;
}

/** A record must satisfy one of the rules. A scope without a rule allows everything. */
function anyOf(rules: readonly (Predicate | null)[]): Predicate | null {
  const known = rules.filter((rule) => rule !== null);
  if (known.length < rules.length) return null;
  const [only = NOTHING] = known;
  return known.length > 1 ? { kind: "ANY", predicates: known } : only;
}

/** All scopes of a layer for one entity agree in their fields. */
function readableFieldsOf(layers: Layers): ReadableFields {
  const readable = new Map<string, ReadonlySet<string>>();
  for (const { entityId, fields } of layers.flat()) {
    if (!fields) continue;
    const others = readable.get(entityId);
    readable.set(entityId, new Set(others ? fields.filter((field) => others.has(field)) : fields));
  }
  return readable;
}

/** The name of a column in rules. */
const idOf = ({ id, name }: Column) => (name === "id" ? name : id);
