import { closestName } from "../lib/closest-name.ts";
import type { AppError, FieldProblem, UnknownName } from "./app-error.ts";
import { type ErrorCode, statusOfCode } from "./codes.ts";
import { shownOf } from "./envelope.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** The `rule` of a problem that has no name in the schema. */
const OTHER_RULE = "INVALID";

/** The most known names that are listed. */
export const MAX_KNOWN = 20;

/** Comparing names takes time, and a body may have many unknown ones. */
const MAX_SUGGESTIONS = 10;

/** Help for an unknown name. */
interface Hint {
  readonly suggestion?: string;
  readonly known?: readonly string[];
}

interface ProblemEntry extends Hint {
  readonly entity?: string;
  readonly field: string;
  readonly message: string;
  readonly rule: string;
}

/** An error in the form of RFC 9457, section 3, with extensions for forms. */
interface Problem extends Hint {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors: readonly ProblemEntry[];
}

export function problemOf(error: AppError, requestId: string): Problem {
  const { code, message, details, fields, unknown } = error;
  return {
    type: typeOf(code),
    title: titleOf(code),
    status: statusOfCode[code],
    detail: message,
    code,
    requestId,
    errors: shownOf<FieldProblem>(details ?? fields ?? []).map(entryOf),
    ...(unknown && hintOf(unknown)),
  };
}

/** A relative reference with a full path, as RFC 9457, section 3.1.1, requires. It is the same on every deployment. */
export const typeOf = (code: ErrorCode) => `/docs/errors.md#${code.toLowerCase()}`;

/** `UNIQUE_CONSTRAINT_VIOLATION` → `Unique constraint violation`. */
const titleOf = (code: ErrorCode) => code.charAt(0) + code.slice(1).toLowerCase().replaceAll("_", " ");

function entryOf({ entity, field, message, rule, known }: FieldProblem, index: number): ProblemEntry {
  const hint = known && index < MAX_SUGGESTIONS ? hintOf({ name: field.split(".").at(-1) ?? "", known }) : {};
  return { ...(entity !== undefined && { entity }), field, message, rule: rule ?? OTHER_RULE, ...hint };
}

function hintOf({ name, known }: UnknownName): Hint {
  const suggestion = closestName(name, known);
  return {
    ...(suggestion !== undefined && { suggestion }),
    ...(known.length <= MAX_KNOWN && { known }),
  };
}
