import type { ErrorCode } from "./codes.ts";

/** The most details that one error shows. The last one counts the rest. */
export const MAX_DETAILS = 100;

/** A problem of one field. `field` is a path such as `email` or `columns[2].length`. */
export interface Detail {
  readonly field: string;
  readonly message: string;
  /** The broken rule in the schema's terms, such as `MIN`; docs/errors.md lists the others. */
  readonly rule?: string | undefined;
  /** For an unknown field: the names that the client may know. */
  readonly known?: readonly string[];
  /** How many problems this one stands for, if they are more than one. */
  readonly count?: number;
}

/** How many problems there are. */
export const countOf = (details: readonly Detail[]): number =>
  details.reduce((sum, { count = 1 }) => sum + count, 0);

/** A problem of a field that may belong to another entity. */
export interface FieldProblem extends Detail {
  readonly entity?: string;
}

/** An unknown name, and the names that the client may know. */
export interface UnknownName {
  readonly name: string;
  readonly known: readonly string[];
}

export interface AppErrorOptions {
  readonly details?: readonly Detail[] | undefined;
  /** The fields of an error without details. Like `unknown`, only problem details (RFC 9457) show them. */
  readonly fields?: readonly FieldProblem[] | undefined;
  readonly unknown?: UnknownName | undefined;
  /** Response headers of this error, such as `Retry-After` (seconds) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Private: goes to the log, never to a client. */
  readonly cause?: unknown;
}

/**
 * An error that a client may see. `code` and `message` are public; `cause` is private. It knows nothing about HTTP:
 * one place makes the response and its status from the code.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Detail[] | undefined;
  readonly fields: readonly FieldProblem[] | undefined;
  readonly unknown: UnknownName | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details;
    this.fields = options.fields;
    this.unknown = options.unknown;
    this.headers = options.headers ?? {};
  }
}

/** An error of the whole request, whichever of its items caused it. */
export class RequestError extends AppError {}

/** Returns the same error for a part of a request: with words before its message, and its fields at their place. */
export function withPrefix(
  prefix: string,
  error: AppError,
  placeOf: (field: string) => string = (field) => field,
): AppError {
  const { code, message, cause, details, fields } = error;
  const locate = <T extends FieldProblem>(problem: T): T =>
    problem.entity === undefined ? { ...problem, field: placeOf(problem.field) } : problem;
  return new AppError(code, prefix + message, {
    ...error,
    cause,
    details: details?.map(locate),
    fields: fields?.map(locate),
  });
}
