import * as z from "zod/v4";
import { INEXACT } from "../columns/parsed.ts";
import { UNSTORABLE_TEXT } from "../columns/text.ts";
import { validationFailed } from "../errors/api-errors.ts";
import type { Detail } from "../errors/app-error.ts";
import { closestName } from "../lib/closest-name.ts";
import { InexactNumber } from "../model/json.ts";

/**
 * Parses an admin body with a schema. Reports unknown keys and all problems together, with their paths. Throws
 * VALIDATION_ERROR.
 */
export function parseInput<T>(schema: z.ZodType<T>, body: unknown): T {
  const unstorable = unstorableIn(body, []);
  if (unstorable.length > 0) throw validationFailed(unstorable);
  return parseShape(schema, body);
}

/** The same as parseInput, for bodies with record values, whose numbers only their column can check. */
export function parseShape<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = readShape(schema, body);
  if ("data" in result) return result.data;
  throw validationFailed(result.details);
}

/** Parses a body with a schema, or returns all of its problems. A problem with an unknown key has the known ones. */
export function readShape<T>(
  schema: z.ZodType<T>,
  body: unknown,
): { readonly data: T } | { readonly details: readonly Detail[] } {
  const knownAt = new Map<string, readonly string[]>();
  const result = schema.safeParse(body, {
    reportInput: true,
    error({ code, inst, path = [] }) {
      if (code === "unrecognized_keys" && inst instanceof z.ZodObject)
        knownAt.set(pathOf(path), Object.keys(inst.shape));
      return undefined;
    },
  });
  if (result.success) return { data: result.data };
  return { details: result.error.issues.flatMap((issue) => detailsOf(issue, knownAt)) };
}

/** Refuses numbers that would be rounded, and half surrogate pairs, for which a libSQL server refuses the whole request. */
function unstorableIn(value: unknown, path: readonly PropertyKey[]): readonly Detail[] {
  const refuse = (message: string) => [{ field: pathOf(path), message, rule: "TYPE" }];
  if (value instanceof InexactNumber) return refuse(INEXACT);
  if (typeof value === "string") return value.isWellFormed() ? [] : refuse(UNSTORABLE_TEXT);
  if (Array.isArray(value)) return value.flatMap((item, i) => unstorableIn(item, [...path, i]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => unstorableIn(item, [...path, key]));
}

/** A problem of a body as one text, for bodies with the wrong shape. */
export function problemText({ field, message, known }: Detail): string {
  const meant = known && closestName(field.split(".").at(-1) ?? "", known);
  return `${field} ${message}${meant === undefined ? "" : ` — did you mean '${meant}'?`}`;
}

function detailsOf(
  issue: z.core.$ZodIssue,
  knownAt: ReadonlyMap<string, readonly string[]>,
): readonly Detail[] {
  const path = pathOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = knownAt.get(path);
    return issue.keys.map((key) => ({
      field: path ? `${path}.${key}` : key,
      message: "is not a known property",
      rule: "UNKNOWN",
      ...(known && { known }),
    }));
  }
  return [{ field: path, message: messageOf(issue), rule: ruleOf(issue) }];
}

/** `["columns", 2, "length"]` → `columns[2].length`. */
export function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${String(part)}` : String(part);
  }, "");
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type")
    return issue.input === undefined ? "is required" : `must be ${articled(issue.expected)}`;
  if (issue.code === "invalid_value")
    return `must be one of: ${issue.values.map((value) => String(value)).join(", ")}`;
  if (issue.code === "too_small") return boundMessage("at least", Number(issue.minimum), issue.origin);
  if (issue.code === "too_big") return boundMessage("at most", Number(issue.maximum), issue.origin);
  return issue.message;
}

function ruleOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "invalid_type") return issue.input === undefined ? "REQUIRED" : "TYPE";
  if (issue.code === "invalid_value") return "TYPE";
  if (issue.code === "invalid_format") return "PATTERN";
  if (issue.code !== "too_small" && issue.code !== "too_big") return undefined;
  const bound = issue.code === "too_small" ? "MIN" : "MAX";
  return issue.origin === "string" ? `${bound}_LENGTH` : bound;
}

const articled = (type: string) =>
  type === "int" ? "an integer" : /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;

function boundMessage(relation: string, bound: number, origin: string): string {
  if (origin === "array") return `must have ${relation} ${bound} ${bound === 1 ? "item" : "items"}`;
  return `must be ${relation} ${bound}${origin === "string" ? " characters" : ""}`;
}
