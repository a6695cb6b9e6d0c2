import { badRequest } from "../../errors/api-errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { FilterAst, TestAst } from "../ast.ts";
import { MAX_CONDITIONS } from "../limits.ts";
import { echo } from "../messages.ts";
import { isOperatorName, type OperatorName, operatorOf } from "../operators.ts";
import { invalidParameter, singleParameter } from "./parameters.ts";
import { parseJsonFilter, parseRuleTree } from "./parse-json-filter.ts";
import { parseListValues } from "./parse-list-values.ts";
import { parsePath } from "./parse-names.ts";

/** All filters of a request, in bracket and JSON form. A record must match all of them. */
export function parseFilter(params: URLSearchParams): readonly FilterAst[] {
  const filters: FilterAst[] = [];
  for (const [name, value] of params) {
    if (!name.startsWith("filter[")) continue;
    filters.push(parseBracket(name, value));
    if (filters.length > MAX_CONDITIONS) break;
  }
  const json = singleParameter(params, "filter");
  if (json !== null) filters.push(parseJsonFilter(json));
  rejectTooMany(filters);
  return filters;
}

/** The filter of a rule. Throws BAD_REQUEST. */
export function parseRule(tree: JsonObject): FilterAst {
  const filter = parseRuleTree(tree);
  rejectTooMany([filter]);
  return filter;
}

function rejectTooMany(filters: readonly FilterAst[]): void {
  if (countConditions(filters) > MAX_CONDITIONS)
    throw badRequest(`The filter has more than ${MAX_CONDITIONS} conditions`);
}

function parseBracket(name: string, value: string): FilterAst {
  const inner = /^filter\[([^[\]]*)\]$/.exec(name)?.[1];
  if (inner === undefined)
    throw badRequest(`Malformed parameter ${echo(name)} — write filter[field.op]=value`);
  const segments = parsePath(inner, "filter");
  const last = segments.at(-1) ?? "";
  const hasOperator = segments.length > 1 && isOperatorName(last);
  const operator = hasOperator ? last : "eq";
  const path = hasOperator ? segments.slice(0, -1) : segments;
  const origin = `filter[${inner}]`;
  return { kind: "CONDITION", path, origin, test: parseTest(operator, value, origin) };
}

function parseTest(operator: OperatorName, value: string, origin: string): TestAst {
  switch (operatorOf(operator).takes) {
    case "ONE":
      return { operator, values: [value], form: "TEXT" };
    case "LIST":
      return { operator, values: parseListValues(value, origin), form: "TEXT" };
    case "PAIR":
      return { operator, values: parsePair(value, origin), form: "TEXT" };
    case "FLAG":
      return { operator: parseNullTest(operator, value, origin), values: [], form: "TEXT" };
  }
}

function parsePair(value: string, origin: string): readonly string[] {
  const values = parseListValues(value, origin);
  if (values.length !== 2) throw invalidParameter(origin, value, "two values, a,b");
  return values;
}

function parseNullTest(operator: OperatorName, value: string, origin: string): OperatorName {
  if (value === "" || value === "true") return operator;
  if (value !== "false") throw invalidParameter(origin, value, "empty, true or false");
  return operator === "isNull" ? "isNotNull" : "isNull";
}

function countConditions(filters: readonly FilterAst[]): number {
  return filters.reduce((count, filter) => count + conditionsOf(filter), 0);
}

/** An empty group counts too, because the statement contains it. */
function conditionsOf(filter: FilterAst): number {
  if (filter.kind === "CONDITION") return 1;
  if (filter.kind === "GROUP") return Math.max(1, countConditions(filter.nodes));
  return conditionsOf(filter.node);
}
