import { badRequest } from "../../errors/api-errors.ts";
import { scanJson } from "../../lib/exact-json.ts";
import {
  InexactNumber,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseExactly,
} from "../../model/json.ts";
import { isOperand } from "../../model/operand.ts";
import type { FilterAst, Path, TestAst } from "../ast.ts";
import {
  MAX_DEPTH,
  MAX_FILTER_LENGTH,
  MAX_FILTER_LEVELS,
  MAX_LIST_VALUES,
  MAX_PATH_SEGMENTS,
} from "../limits.ts";
import { echo } from "../messages.ts";
import { isOperatorName, type OperatorName, operatorOf } from "../operators.ts";
import { parsePath } from "./parse-names.ts";

/** The position of the parser: the groups and objects entered so far, both limited. */
interface Depth {
  readonly groups: number;
  readonly objects: number;
  /** Whether values may be operands, as in rules. A client's filter has none. */
  readonly takesOperands: boolean;
}

/**
 * Parses `filter={json}`. Keys are `and`, `or`, `not`, or dotted names. A name's value is a scalar (equals), an
 * object of operators, or, for a relationship, a tree. All keys of an object must match.
 */
export function parseJsonFilter(text: string): FilterAst {
  if (text.length > MAX_FILTER_LENGTH) {
    throw badRequest(`Parameter 'filter' is longer than ${MAX_FILTER_LENGTH} characters: ${echo(text)}`);
  }
  const nearest = readJson(text);
  rejectUnreadable(nearest, text);
  const { inexact } = scanJson(text);
  const json = inexact.length > 0 ? parseExactly(text, inexact) : nearest;
  if (!isJsonObject(json)) throw badRequest(`Parameter 'filter' must be a JSON object: ${echo(text)}`);
  return parseTree(json, { groups: 0, objects: 0, takesOperands: false });
}

/** Parses the filter of a rule, whose values may be operands. Throws BAD_REQUEST. */
export function parseRuleTree(tree: JsonObject): FilterAst {
  rejectUnreadable(tree, "");
  return parseTree(tree, { groups: 0, objects: 0, takesOperands: true });
}

function readJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(`Parameter 'filter' is not valid JSON: ${echo(text)}`);
  }
}

/** Level by level, because recursion, even that of JSON.stringify, would overflow the stack. */
function rejectUnreadable(json: JsonValue, text: string): void {
  let level: readonly JsonValue[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_FILTER_LEVELS)
      throw badRequest(`Parameter 'filter' is nested more than ${MAX_FILTER_LEVELS} levels deep`);
    if (level.some((value) => typeof value === "number" && !Number.isFinite(value)))
      throw badRequest(`Parameter 'filter' has a number that is too large: ${echo(text)}`);
    level = level.flatMap((value): JsonValue[] =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
}

function parseTree(tree: JsonObject, depth: Depth): FilterAst {
  if (depth.groups > MAX_DEPTH)
    throw badRequest(`Parameter 'filter' is nested more than ${MAX_DEPTH} levels deep`);
  if (depth.objects > MAX_PATH_SEGMENTS) throw badRequest("Parameter 'filter' is nested too deep");
  return group(
    "and",
    Object.entries(tree).map(([key, value]) => parseEntry(key, value, depth)),
  );
}

function parseEntry(key: string, value: JsonValue, depth: Depth): FilterAst {
  const deeper = { ...depth, groups: depth.groups + 1 };
  if (key === "not") {
    if (!isJsonObject(value)) throw badRequest(`'not' in filter takes an object, not ${echoJson(value)}`);
    return { kind: "NOT", node: parseTree(value, deeper) };
  }
  if (key === "and" || key === "or") {
    if (!Array.isArray(value) || !value.every(isJsonObject)) {
      throw badRequest(`'${key}' in filter takes a list of objects, not ${echoJson(value)}`);
    }
    return group(
      key,
      value.map((tree) => parseTree(tree, deeper)),
    );
  }
  return parseField(parsePath(key, "filter"), value, { ...depth, objects: depth.objects + 1 });
}

/** Scalars under operator names are tests. Everything else in the object belongs to a relationship. */
function parseField(path: Path, value: JsonValue, depth: Depth): FilterAst {
  const { takesOperands } = depth;
  const isValue = (test: JsonValue) => !isJsonObject(test) || (takesOperands && isOperand(test));
  const place = { path, takesOperands };
  if (!isJsonObject(value) || isValue(value)) return condition(path, parseTest("eq", value, place));
  const entries = Object.entries(value);
  const name = path.join(".");
  if (entries.length === 0)
    throw badRequest(`Field ${echo(name)} in filter has an empty object as its condition`);
  const tests = entries.filter(([key, test]) => isOperatorName(key) && isValue(test));
  const nested = entries.filter((entry) => !tests.includes(entry));
  const nodes = tests.map(([key, test]) => condition(path, parseTest(operatorNamed(key), test, place)));
  const [first] = nested;
  if (first) {
    nodes.push({
      kind: "WITHIN",
      path,
      firstKey: first[0],
      node: parseTree(Object.fromEntries(nested), depth),
    });
  }
  return group("and", nodes);
}

interface TestPlace extends Pick<Depth, "takesOperands"> {
  readonly path: Path;
}

/** Null means isNull, or isNotNull for neq. */
function parseTest(operator: OperatorName, value: JsonValue, { path, takesOperands }: TestPlace): TestAst {
  const form = "JSON";
  const place = `${path.join(".")}.${operator}`;
  const { takes } = operatorOf(operator);
  if (takes === "FLAG") {
    if (typeof value !== "boolean")
      throw badRequest(`${echo(place)} in filter takes true or false, not ${echoJson(value)}`);
    const inverse = operator === "isNull" ? "isNotNull" : "isNull";
    return { operator: value ? operator : inverse, values: [], form };
  }
  if (takes === "ONE") {
    if (Array.isArray(value))
      throw badRequest(`${echo(place)} in filter takes one value, not ${echoJson(value)}`);
    if (value !== null) return { operator, values: [value], form };
    if (operator === "eq" || operator === "neq") {
      return { operator: operator === "eq" ? "isNull" : "isNotNull", values: [], form };
    }
    throw badRequest(`${echo(place)} in filter does not take null — use isNull`);
  }
  if (takesOperands && takes === "LIST" && isOperand(value)) return { operator, values: [value], form };
  const values = listOf(value, place, takes === "PAIR");
  if (!values.every((item) => isPlain(item) || (takesOperands && isOperand(item)))) {
    throw badRequest(
      `${echo(place)} in filter lists something that is not a plain value: ${echoJson(value)}`,
    );
  }
  return { operator, values, form };
}

function listOf(value: JsonValue, place: string, isPair: boolean): readonly JsonValue[] {
  const isFit = Array.isArray(value) && (!isPair || value.length === 2);
  if (!isFit) {
    const wanted = isPair ? "a list of two values" : "a list";
    throw badRequest(`${echo(place)} in filter takes ${wanted}, not ${echoJson(value)}`);
  }
  if (value.length > MAX_LIST_VALUES)
    throw badRequest(`${echo(place)} in filter lists more than ${MAX_LIST_VALUES} values`);
  return value;
}

const isPlain = (value: JsonValue) =>
  value !== null && (typeof value !== "object" || value instanceof InexactNumber);

const condition = (path: Path, test: TestAst): FilterAst => ({
  kind: "CONDITION",
  path,
  origin: "filter",
  test,
});

const group = (operator: "and" | "or", nodes: readonly FilterAst[]): FilterAst => {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : { kind: "GROUP", operator, nodes };
};

function operatorNamed(key: string): OperatorName {
  if (!isOperatorName(key)) throw new Error(`${key} is not an operator`);
  return key;
}

const echoJson = (value: JsonValue) => echo(JSON.stringify(value));
