import { decodeValue } from "./decode-value.ts";
import { malformedJson, protocolError } from "./errors.ts";
import type {
  BatchCond,
  BatchStep,
  Cursor,
  NamedArg,
  Pipeline,
  SqlSource,
  Stmt,
  StreamRequest,
} from "./protocol.ts";

type Json = Readonly<Record<string, unknown>>;

/** Decodes a request body; throws HttpError 400 for anything that is not a pipeline. */
export function decodePipeline(text: string): Pipeline {
  const body = readObject(parseJson(text), "body");
  return {
    baton: readOptionalString(body.baton, "baton"),
    requests: readArray(body.requests, "requests").map(decodeRequest),
  };
}

/** Decodes the body of a cursor request; throws HttpError 400. */
export function decodeCursor(text: string): Cursor {
  const body = readObject(parseJson(text), "body");
  return { baton: readOptionalString(body.baton, "baton"), steps: decodeSteps(body.batch) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedJson(error instanceof Error ? error.message : String(error));
  }
}

function decodeRequest(value: unknown): StreamRequest {
  const request = readObject(value, "request");
  switch (request.type) {
    case "execute":
      return { type: "execute", stmt: decodeStmt(request.stmt) };
    case "batch":
      return { type: "batch", steps: decodeSteps(request.batch) };
    case "sequence":
    case "describe":
      return { type: request.type, source: decodeSource(request) };
    case "store_sql":
      return {
        type: "store_sql",
        sqlId: readInteger(request.sql_id, "sql_id"),
        sql: readString(request.sql, "sql"),
      };
    case "close_sql":
      return { type: "close_sql", sqlId: readInteger(request.sql_id, "sql_id") };
    case "get_autocommit":
    case "close":
      return { type: request.type };
    default:
      throw malformedJson(`Unknown request type ${JSON.stringify(request.type)}`);
  }
}

function decodeSteps(value: unknown): BatchStep[] {
  return readArray(readObject(value, "batch").steps, "steps").map((item, index) => {
    const step = readObject(item, "step");
    const condition = step.condition ?? undefined;
    return {
      condition: condition === undefined ? undefined : decodeCond(condition, index),
      stmt: decodeStmt(step.stmt),
    };
  });
}

/** A condition may look only at steps before its own. */
function decodeCond(value: unknown, stepIndex: number): BatchCond {
  const cond = readObject(value, "condition");
  switch (cond.type) {
    case "ok":
    case "error": {
      const step = readInteger(cond.step, "step");
      if (step < 0 || step >= stepIndex)
        throw protocolError("Invalid reference to step in a batch condition");
      return { type: cond.type, step };
    }
    case "not":
      return { type: "not", cond: decodeCond(cond.cond, stepIndex) };
    case "and":
    case "or": {
      const conds = readArray(cond.conds, "conds").map((inner) => decodeCond(inner, stepIndex));
      return { type: cond.type, conds };
    }
    case "is_autocommit":
      return { type: "is_autocommit" };
    default:
      throw malformedJson(`Unknown condition type ${JSON.stringify(cond.type)}`);
  }
}

function decodeStmt(value: unknown): Stmt {
  const stmt = readObject(value, "stmt");
  const wantRows = stmt.want_rows ?? true;
  if (typeof wantRows !== "boolean") throw malformedJson("want_rows must be a boolean");
  return {
    ...decodeSource(stmt),
    args: readArray(stmt.args ?? [], "args").map(decodeValue),
    namedArgs: readArray(stmt.named_args ?? [], "named_args").map(decodeNamedArg),
    wantRows,
  };
}

function decodeNamedArg(value: unknown): NamedArg {
  const arg = readObject(value, "named_args");
  return { name: readString(arg.name, "name"), value: decodeValue(arg.value) };
}

function decodeSource(json: Json): SqlSource {
  const sqlId = json.sql_id ?? undefined;
  return {
    sql: readOptionalString(json.sql, "sql"),
    sqlId: sqlId === undefined ? undefined : readInteger(sqlId, "sql_id"),
  };
}

function readObject(value: unknown, field: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformedJson(`${field} must be an object`);
  }
  return value as Json;
}

function readArray(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value)) throw malformedJson(`${field} must be an array`);
  return value;
}

function readString(value: unknown, field: string): string {
  if (typeof value !== "string") throw malformedJson(`${field} must be a string`);
  return value;
}

function readOptionalString(value: unknown, field: string): string | undefined {
  return value === undefined || value === null ? undefined : readString(value, field);
}

function readInteger(value: unknown, field: string): number {
  if (!Number.isInteger(value)) throw malformedJson(`${field} must be an integer`);
  return value as number;
}
