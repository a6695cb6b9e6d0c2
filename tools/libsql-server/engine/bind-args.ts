import { HranaError } from "../hrana/errors.ts";
import type { NamedArg, NativeValue, Stmt } from "../hrana/protocol.ts";
import type { SqlStatement } from "../sql/analyze-sql.ts";

/** The values in SQLite's parameter order; throws ARGS_INVALID as libsql-server's `Params::bind` does. */
export function bindArgs(source: SqlStatement, stmt: Stmt): readonly NativeValue[] {
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

/** A name may be given with or without its prefix. */
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
