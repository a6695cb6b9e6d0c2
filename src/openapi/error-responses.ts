import {
  invalidApiKey,
  invalidJson,
  methodNotAllowed,
  readOnly,
  recordHasChanged,
  recordNotFound,
  schemaMigrationInProgress,
  serviceUnavailable,
  uniqueViolation,
  unsupportedMediaType,
  usedForAnother,
  validationFailed,
} from "../errors/api-errors.ts";
import { MAX_DETAILS } from "../errors/app-error.ts";
import { type ErrorCode, statusOfCode } from "../errors/codes.ts";
import { MAX_KNOWN, PROBLEM_TYPE } from "../errors/problem.ts";
import { toAppError } from "../errors/to-app-error.ts";
import { ruleOfMode } from "../model/access-mode.ts";
import type { JsonObject } from "../model/json.ts";
import {
  arrayOf,
  headerRef,
  jsonContent,
  objectOf,
  responseRef,
  STRING,
  schemaRef,
  TRACE_HEADERS,
} from "./parts.ts";

const CODES = Object.keys(statusOfCode) as ErrorCode[];

const DETAILS = [{ field: "email", message: "must be a valid email address" }];

const exampleMessages: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST: invalidJson().message,
  FOREIGN_KEY_VIOLATION: "Referenced customer_id '999' does not exist in customers",
  UNAUTHORIZED: invalidApiKey().message,
  FORBIDDEN: readOnly("KEY").message,
  NOT_FOUND: recordNotFound("42").message,
  METHOD_NOT_ALLOWED: methodNotAllowed(["GET", "POST", "HEAD", "OPTIONS"]).message,
  WORKSPACE_STATUS: ruleOfMode.READ_ONLY.message,
  UNIQUE_CONSTRAINT_VIOLATION: uniqueViolation([{ field: "email", value: "alice@example.com" }]).message,
  IDEMPOTENCY_CONFLICT: usedForAnother().message,
  PRECONDITION_FAILED: recordHasChanged().message,
  PAYLOAD_TOO_LARGE: "Request body is larger than 1048576 bytes",
  UNSUPPORTED_MEDIA_TYPE: unsupportedMediaType().message,
  VALIDATION_ERROR: validationFailed(DETAILS).message,
  RATE_LIMITED: "Too many requests",
  INTERNAL_ERROR: toAppError(undefined).message,
  SCHEMA_MIGRATION_IN_PROGRESS: schemaMigrationInProgress().message,
  SERVICE_UNAVAILABLE: serviceUnavailable(undefined).message,
};

const descriptions: Readonly<Record<number, string>> = {
  400: "The request is malformed, or refers to something that does not exist.",
  401: "The key or token is missing, wrong, revoked, expired, or of another workspace.",
  403: "The caller lacks permission.",
  404: "No such entity, record or route.",
  405: "The path does not have this method; `Allow` lists its methods.",
  409: "The access mode prevents it, a unique value is taken, or the Idempotency-Key was used before.",
  412: "`If-Match` or `If-None-Match` does not hold.",
  413: "The body is larger than 1 MiB.",
  415: "The body is not JSON, or is compressed by other means than gzip.",
  422: "The data breaks rules of the schema; all problems together.",
  429: "Over the key's rate.",
  500: "Anything unexpected.",
  503: "Retry later; on a write, read first: it may have happened.",
};

const headersOf: Readonly<Record<number, JsonObject>> = {
  401: { "WWW-Authenticate": headerRef("WWW-Authenticate") },
  405: { Allow: headerRef("Allow") },
  429: { "Retry-After": headerRef("Retry-After") },
  503: { "Retry-After": headerRef("Retry-After") },
};

/** `components.headers` of every document. */
export const sharedHeaders: JsonObject = {
  "X-Request-Id": { description: "The id of the request, or a new one.", schema: STRING },
  "Server-Timing": {
    description: "Milliseconds of authentication and of the database.",
    schema: STRING,
    example: "auth;dur=0, db;dur=4",
  },
  RateLimit: {
    description: "What is left of the key's rate, where the workspace has one.",
    schema: STRING,
    example: '"key";r=58;t=42',
  },
  "RateLimit-Policy": {
    description: "The key's rate: requests a window of seconds.",
    schema: STRING,
    example: '"key";q=60;w=60',
  },
  Allow: { description: "The methods of the path.", schema: STRING },
  "Retry-After": { description: "Seconds to wait.", schema: { type: "integer", minimum: 0 } },
  "WWW-Authenticate": { description: "How to authenticate.", schema: STRING },
};

const nameOf = (status: number) => `Error${status}`;

const ALL_STATUSES: readonly number[] = [...new Set(CODES.map((code) => statusOfCode[code]))];
const READ_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 429, 500, 503];

/** `components.responses`: one per status, with an example of each code. */
export function errorResponses(
  statuses = ALL_STATUSES,
  messages: Partial<Record<ErrorCode, string>> = {},
): JsonObject {
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = CODES.filter((code) => statusOfCode[code] === status);
      const examples = Object.fromEntries(
        codes.map((code) => [code, { value: exampleOf(code, messages[code]) }]),
      );
      const { content } = jsonContent(schemaRef("shared-error"), { examples });
      const headers = { ...TRACE_HEADERS, ...headersOf[status] };
      const forms = { ...content, [PROBLEM_TYPE]: { schema: schemaRef("shared-problem") } };
      return [nameOf(status), { description: descriptions[status] ?? "", headers, content: forms }];
    }),
  );
}

function exampleOf(code: ErrorCode, message = exampleMessages[code]): JsonObject {
  return { error: { code, message, ...(code === "VALIDATION_ERROR" && { details: DETAILS }) } };
}

const hint = { suggestion: STRING, known: arrayOf(STRING, { maxItems: MAX_KNOWN }) };

const detail = objectOf({ field: STRING, message: STRING });

export const errorSchemas: JsonObject = {
  "shared-errorBody": objectOf(
    {
      code: { type: "string", enum: CODES },
      message: STRING,
      details: arrayOf(detail, { maxItems: MAX_DETAILS }),
    },
    { optional: ["details"] },
  ),
  "shared-error": objectOf({ error: schemaRef("shared-errorBody") }),
  "shared-problem": objectOf(
    {
      type: STRING,
      title: STRING,
      status: { type: "integer" },
      detail: STRING,
      code: { type: "string", enum: CODES },
      requestId: STRING,
      errors: arrayOf(
        objectOf(
          { entity: STRING, field: STRING, message: STRING, rule: STRING, ...hint },
          { optional: ["entity", ...Object.keys(hint)] },
        ),
        { maxItems: MAX_DETAILS },
      ),
      ...hint,
    },
    { optional: Object.keys(hint) },
  ),
};

/** The responses of an operation that can fail with these statuses. */
export const errorRefs = (statuses: readonly number[]): JsonObject =>
  Object.fromEntries(statuses.map((status) => [status, responseRef(nameOf(status))]));

/* Possible errors by kind of request. */
export const READ_ERRORS = errorRefs(READ_STATUSES);
export const CONDITIONAL_READ_ERRORS = errorRefs([...READ_STATUSES, 412]);
export const WRITE_ERRORS = errorRefs([400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503]);
export const CONDITIONAL_WRITE_ERRORS = errorRefs([
  400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 500, 503,
]);
export const DELETE_ERRORS = errorRefs([400, 401, 403, 404, 405, 409, 412, 413, 429, 500, 503]);
