import { columnTypeOf, readBound, readBoundText } from "../../columns/registry.ts";
import { codePointsOf } from "../../columns/text.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { Column } from "../../model/column.ts";
import { isOperand } from "../../model/operand.ts";
import { Slot, type SqlValue } from "../../model/sql-value.ts";
import type { FilterAst, Path, TestAst } from "../ast.ts";
import { MAX_NEEDLE_LENGTH, MAX_RELATIONSHIP_LEVELS } from "../limits.ts";
import { echo, unknownName } from "../messages.ts";
import { isOperatorName, OPERATOR_NAMES, type OperatorName, operatorOf } from "../operators.ts";
import { type Operand, planOperand } from "./plan-operand.ts";
import type { Hop, Predicate } from "./predicate.ts";
import { findHop, resolveColumn, resolveHops, targetOf } from "./resolve-path.ts";
import type { QueryTarget } from "./target.ts";

type Condition = FilterAst & { readonly kind: "CONDITION" };

/** The position of a node: the entity of its names, and the names that lead there from the root. */
interface Place {
  readonly root: QueryTarget;
  readonly target: QueryTarget;
  readonly prefix: Path;
  /** In a rule: the operands so far. The owner of a rule may filter by any field. */
  readonly operands?: Operand[] | undefined;
}

/**
 * Resolves every name and parses every value of a filter. Throws BAD_REQUEST for unknown or unfilterable fields,
 * operators that do not fit the type, and invalid values.
 */
export function planFilter(target: QueryTarget, filters: readonly FilterAst[]): readonly Predicate[] {
  const predicates = filters.map((filter) => planNode(filter, { root: target, target, prefix: [] }));
  return predicates.filter((predicate) => predicate.kind !== "ALL" || predicate.predicates.length > 0);
}

/** Plans the filter of a rule and appends its operands. Throws BAD_REQUEST. */
export const planRule = (target: QueryTarget, rule: FilterAst, operands: Operand[]): Predicate =>
  planNode(rule, { root: target, target, prefix: [], operands });

function planNode(node: FilterAst, place: Place): Predicate {
  switch (node.kind) {
    case "GROUP":
      return {
        kind: node.operator === "and" ? "ALL" : "ANY",
        predicates: node.nodes.map((child) => planNode(child, place)),
      };
    case "NOT":
      return { kind: "NOT", predicate: planNode(node.node, place) };
    case "WITHIN":
      return planWithin(node, place);
    case "CONDITION":
      return planCondition(node, place);
  }
}

/** An object under a name: its keys belong to the relationship of that name. */
function planWithin(
  node: FilterAst & { readonly kind: "WITHIN" },
  { target, prefix, ...place }: Place,
): Predicate {
  const relationship = node.path.at(-1) ?? "";
  const { owner } = resolveHops(target, node.path, "filter");
  const column = owner.entity.columnByName.get(relationship);
  if (column && !findHop(owner, relationship)) throw noOperatorOf(column, node.firstKey, owner);
  const path = [...node.path, ""];
  const { hops, owner: inner } = resolveHops(target, path, "filter");
  const names = [...prefix, ...node.path];
  rejectTooDeep(names);
  return related(hops, planNode(node.node, { ...place, target: inner, prefix: names }));
}

function planCondition({ path, origin, test }: Condition, place: Place): Predicate {
  const { root, target, prefix, operands } = place;
  const { hops, owner, last } = resolveHops(target, path, "filter");
  const names = [...prefix, ...path];
  rejectTooDeep(names.slice(0, -1));
  const column = resolveColumn(owner, last);
  if (!operands) rejectUnfilterable(root, names);
  const { operator } = test;
  rejectUnfit(operator, column, owner);
  const valuePlace = { column, test, origin, name: names.join(".") };
  const values = test.values.map((value) => {
    if (!operands || typeof value === "string" || !isOperand(value)) return readValue(value, valuePlace);
    const operand = planOperand(value, { column, operator, isAlone: test.values.length === 1 });
    return new Slot(operands.push(operand) - 1, 0);
  });
  rejectLongNeedle(operator, values, names);
  return related(hops, { kind: "TEST", column, operator, values });
}

function rejectUnfit(operator: OperatorName, column: Column, { entity }: QueryTarget): void {
  if (operatorOf(operator).families.includes(columnTypeOf(column).family)) return;
  throw badRequest(
    `Operator '${operator}' does not fit field '${column.name}' on ${entity.name}, which is ${column.type}`,
  );
}

function rejectLongNeedle(operator: OperatorName, [needle]: readonly (SqlValue | Slot)[], names: Path): void {
  if (operator !== "like" && operator !== "ilike") return;
  if (typeof needle !== "string" || codePointsOf(needle) <= MAX_NEEDLE_LENGTH) return;
  throw badRequest(
    `The text of '${operator}' for ${echo(names.join("."))} is longer than ${MAX_NEEDLE_LENGTH} characters`,
  );
}

interface ValuePlace {
  readonly column: Column;
  readonly test: TestAst;
  readonly origin: string;
  readonly name: string;
}

function readValue(value: TestAst["values"][number], { column, test, origin, name }: ValuePlace): SqlValue {
  const isText = test.form === "TEXT" && typeof value === "string";
  const parsed = isText ? readBoundText(value, column) : readBound(value, column);
  if (parsed.ok) return parsed.value;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  const place = test.form === "TEXT" ? origin : `'${name}' in ${origin}`;
  throw badRequest(`Invalid value ${echo(shown)} for ${place} — ${parsed.message}`);
}

/** Wraps a predicate in the relationships that lead to its record, outermost first. */
function related(hops: readonly Hop[], predicate: Predicate): Predicate {
  return hops.reduceRight<Predicate>((inner, hop) => ({ kind: "RELATED", hop, predicate: inner }), predicate);
}

/** Every entity along a path has its own whitelist: of columns, relationships, or whole paths. */
function rejectUnfilterable(root: QueryTarget, names: Path): void {
  let target = root;
  for (const [index, name] of names.entries()) {
    const from = target;
    const { filterableFields } = from.entity.settings;
    const rest = names.slice(index).join(".");
    if (filterableFields && !filterableFields.includes(name) && !filterableFields.includes(rest)) {
      throw unknownName(`Field ${echo(rest)} on ${target.entity.name} is not filterable`, {
        name: rest,
        known: filterableFields.filter((path) => isKnownTo(from, path.split("."))),
      });
    }
    const hop = findHop(target, name);
    if (!hop || index === names.length - 1) return;
    target = targetOf(target, hop);
  }
}

/** Whether a path of a setting leads to something that exists for the caller. */
function isKnownTo(target: QueryTarget, [name = "", ...rest]: Path): boolean {
  const hop = findHop(target, name);
  if (rest.length > 0) return hop !== undefined && isKnownTo(targetOf(target, hop), rest);
  return hop !== undefined || target.entity.columnByName.has(name);
}

function rejectTooDeep(relationships: Path): void {
  if (relationships.length <= MAX_RELATIONSHIP_LEVELS) return;
  throw badRequest(
    `Path ${echo(relationships.join("."))} in filter goes through more than ${MAX_RELATIONSHIP_LEVELS} relationships`,
  );
}

/** Explains a key under a column that is not an operator with a plain value. */
function noOperatorOf(column: Column, key: string, target: QueryTarget) {
  const place = `${target.entity.name}.${column.name}`;
  if (!isOperatorName(key))
    return unknownName(`Unknown operator ${echo(key)} on ${place}`, { name: key, known: OPERATOR_NAMES });
  rejectUnfit(key, column, target);
  return badRequest(`Operator '${key}' on ${place} does not take an object`);
}
