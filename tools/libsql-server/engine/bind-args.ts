import { HranaError } from "../hrana/errors.ts";
import type { NamedArg, NativeValue, Stmt } from "../hrana/protocol.ts";
import type { SqlStatement } from "../sql/analyze-sql.ts";
import { bytesOf } from "./result-limits.ts";
import { tooBig } from "./sqlite-errors.ts";

/**
 * Returns the values in SQLite's parameter order. Throws ARGS_INVALID as libsql-server's `Params::bind` does, and
 * SQLITE_TOOBIG if they make a row that is too long. The driver cannot set SQLITE_LIMIT_LENGTH, so the row's length is
 * computed from them.
 */
export function bindArgs(source: SqlStatement, stmt: Stmt, maxValueBytes: number): readonly NativeValue[] {
  const values = orderArgs(source, stmt);
  let rowBytes = 0;
  for (const value of values) {
    const bytes = bytesOf(value);
    if (bytes > maxValueBytes) throw argsInvalid("string or blob too big");
    rowBytes += bytes;
  }
  if (rowBytes > maxValueBytes && source.isRowChange && source.isSingleRow) throw tooBig();
  return values;
}

function orderArgs(source: SqlStatement, stmt: Stmt): readonly NativeValue[] {
  const { args, namedArgs } = stmt;
  const { params } = source;
  if (namedArgs.length === 0) {
    if (args.length > params.length) throw tooMany(params.length, args.length);
    if (args.length < params.length) throw notFound(params[args.length] ?? args.length + 1);
    return args;
  }
  if (args.length > 0) {
    const message = "Specifying both positional and named arguments is not supported";
    throw new HranaError("ARGS_BOTH_POSITIONAL_AND_NAMED", message);
  }
  if (namedArgs.length > params.length) throw tooMany(params.length, namedArgs.length);
  return params.map((param, index) => {
    const arg = namedArgs.find(({ name }) => param !== null && isSameName(name, param));
    if (!arg) throw notFound(param ?? index + 1);
    return arg.value;
  });
}

/** A name may be sent with or without its prefix. */
function isSameName(name: NamedArg["name"], param: string): boolean {
  return name === param || name === param.slice(1);
}

function tooMany(expected: number, found: number): HranaError {
  return argsInvalid(`too many parameters, expected ${expected} found ${found}`);
}

function notFound(param: string | number): HranaError {
  return argsInvalid(`value for parameter ${param} not found`);
}

function argsInvalid(detail: string): HranaError {
  return new HranaError("ARGS_INVALID", `Arguments do not match SQL parameters: ${detail}`);
}
