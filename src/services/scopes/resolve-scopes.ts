import { columnTypeOf } from "../../columns/registry.ts";
import { AppError, type Detail } from "../../errors/app-error.ts";
import { type ApiKeyScope, OPERATIONS, type Preset } from "../../model/access.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { isOperand } from "../../model/operand.ts";
import { parseRule } from "../../query/parse/parse-filter.ts";
import { planRule } from "../../query/plan/plan-filter.ts";
import { planOperand } from "../../query/plan/plan-operand.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { fieldId, treeWithIds } from "../../query/rules/rule-names.ts";
import { type NamedScope, readPreset } from "./scope-schema.ts";

/** Characters of scopes as stored. Every request reads them. */
const MAX_SCOPES_LENGTH = 65_536;

export interface ResolvedScopes {
  readonly scopes: readonly ApiKeyScope[];
  /** The problems of the scopes, by their path in the body. */
  readonly details: readonly Detail[];
}

/** Resolves names to stable ids, and checks every rule against the schema. */
export function resolveScopes(
  { catalog, scope: readable }: Pick<QueryTarget, "catalog" | "scope">,
  named: readonly NamedScope[],
): ResolvedScopes {
  const details: Detail[] = [];
  const scopes = named.map((scope, i) => {
    const path = `scopes[${i}]`;
    const entity = catalog.entities.get(scope.entity);
    const refuse = (part: string, message: string) => details.push({ field: `${path}.${part}`, message });
    if (!entity) {
      refuse("entity", `Entity not found: ${scope.entity}`);
      return { entityId: "", operations: [] };
    }
    rejectDisagreement(named.slice(0, i), scope, refuse);
    return resolveScope({ catalog, entity, scope: readable }, scope, refuse);
  });
  if (JSON.stringify(scopes).length > MAX_SCOPES_LENGTH)
    details.push({ field: "scopes", message: `must be at most ${MAX_SCOPES_LENGTH} characters of JSON` });
  return { scopes, details };
}

type Refuse = (part: string, message: string) => void;

const isRuled = ({ filter, check }: NamedScope) => Boolean(filter || check);

/** Several scopes of an entity are alternatives: each row matches one or the other, but a field is readable or not. */
function rejectDisagreement(others: readonly NamedScope[], scope: NamedScope, refuse: Refuse): void {
  const same = others.filter(({ entity }) => entity === scope.entity);
  if (same.some((other) => !isRuled(other) && !isRuled(scope)))
    refuse("entity", `'${scope.entity}' is named twice`);
  const writes = (each: NamedScope) =>
    each.operations.filter((operation) => operation === "create" || operation === "update");
  const sharesWrite = (other: NamedScope) =>
    writes(other).some((operation) => scope.operations.includes(operation));
  const differs = (other: NamedScope, part: "fields" | "writableFields" | "presets") =>
    JSON.stringify(other[part] ?? null) !== JSON.stringify(scope[part] ?? null);
  for (const part of ["fields", "writableFields", "presets"] as const) {
    const compared = part === "fields" ? same : same.filter(sharesWrite);
    if (compared.some((other) => differs(other, part)))
      refuse(part, `must be the same in all scopes of ${scope.entity}`);
  }
}

function resolveScope(target: QueryTarget, scope: NamedScope, refuse: Refuse): ApiKeyScope {
  const { catalog, entity } = target;
  const { filter, check, fields, writableFields, presets } = scope;
  const resolveTree = (part: "filter" | "check", tree: JsonObject) => {
    tell(part, refuse, () => planRule(target, parseRule(tree), []));
    return treeWithIds(catalog, entity, tree);
  };
  const resolveFields = (part: string, names: readonly string[]) =>
    names.flatMap((name, i) => {
      const id = fieldId(entity, name);
      if (id === undefined) refuse(`${part}[${i}]`, `'${name}' is not a field of ${entity.name}`);
      return id ?? [];
    });
  return {
    entityId: entity.id,
    operations: OPERATIONS.filter((each) => scope.operations.includes(each)),
    ...(filter && { filter: resolveTree("filter", filter) }),
    ...(check && { check: resolveTree("check", check) }),
    ...(fields && { fields: resolveFields("fields", fields) }),
    ...(writableFields && { writableFields: resolveFields("writableFields", writableFields) }),
    ...(presets && { presets: resolvePresets(entity, presets, refuse) }),
  };
}

function resolvePresets(entity: Entity, presets: JsonObject, refuse: Refuse): Record<string, Preset> {
  const entries = Object.entries(presets).flatMap(([name, sent]) => {
    const part = `presets.${name}`;
    const column = entity.columnByName.get(name);
    if (!column || name === "id" || column.autoSet) {
      refuse(part, column ? "is set by the server" : `'${name}' is not a field of ${entity.name}`);
      return [];
    }
    const preset = readPreset(sent);
    const { value } = preset;
    if (isOperand(value)) {
      tell(part, refuse, () => planOperand(value, { column, operator: "eq", isAlone: true }));
    } else if (value !== null) {
      const parsed = columnTypeOf(column).parse(value, column);
      if (!parsed.ok) refuse(part, parsed.message);
    }
    return [[column.id, preset] as const];
  });
  return Object.fromEntries(entries);
}

/** Turns an error of the query language into a problem of a part. */
function tell(part: string, refuse: Refuse, work: () => unknown): void {
  try {
    work();
  } catch (failure) {
    if (!(failure instanceof AppError)) throw failure;
    refuse(part, failure.message);
  }
}
