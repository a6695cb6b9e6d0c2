import { AppError, countOf, type Detail, type FieldProblem, RequestError } from "./app-error.ts";

/* The errors that several places throw, with the literal messages of the contract. */

export const badRequest = (message: string) => new AppError("BAD_REQUEST", message);

export const invalidJson = () => badRequest("Request body is not valid JSON");
export const notAnObject = () => badRequest("Request body must be a JSON object");
export const unsupportedMediaType = () =>
  new AppError("UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json");

export const unsupportedContentEncoding = () =>
  new AppError("UNSUPPORTED_MEDIA_TYPE", "Content-Encoding is not supported: send the body as it is", {
    headers: { "Accept-Encoding": "gzip" },
  });

/** The result does not fit into one database response; a part of it may. */
export class ResponseTooLarge extends AppError {
  constructor() {
    super("BAD_REQUEST", "The response is too large — ask for fewer records, fields or expansions");
  }
}

export const writtenTooLarge = () =>
  badRequest("The request would write too much text, including defaults — send fewer items");

export const recordTooLarge = () =>
  badRequest(
    "A record or its response would be larger than the database allows — write less text, or ask for fewer fields",
  );

export const entityTooLarge = (name: string) =>
  badRequest(
    `The definition of '${name}' is larger than 4.5 MB — shorten its defaults, values, patterns or descriptions`,
  );

export const workspaceTooLarge = () =>
  badRequest(
    "The entities, roles and webhooks of the workspace would be larger than 9 MB together — shorten defaults, values, descriptions or rules",
  );

export const tooManyRecords = (most: number) =>
  new RequestError(
    "BAD_REQUEST",
    `A request writes at most ${most} records, nested records and links among them`,
  );

export const patternsTooCostly = (most: number) =>
  new RequestError(
    "BAD_REQUEST",
    `Matching the patterns would take more than ${most} RE2 instructions × characters — send fewer or shorter texts`,
  );

export const validationFailed = (details: readonly Detail[]) =>
  new AppError("VALIDATION_ERROR", `Validation failed: ${countOf(details)} error(s)`, { details });

export const invalidApiKey = () => unauthorized("Invalid API key");
export const expiredApiKey = () => unauthorized("API key has expired");
export const foreignApiKey = () => unauthorized("API key is not valid for this workspace");
export const invalidToken = () => unauthorized("Invalid token");
export const expiredToken = () => unauthorized("Token has expired");
export const foreignToken = () => unauthorized("Token is not valid for this workspace");
export const invalidAdminToken = () => unauthorized("Invalid admin token");

/** Longer than any valid name or id. A text in a body can be as long as the body. */
const LONGEST_SHOWN = 200;
const shown = (text: string) => (text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`);

const forbidden = (message: string) => new AppError("FORBIDDEN", message);
/** Whom the message addresses. */
const subjects = { KEY: "This API key is", USER: "You are" } as const;
type Who = keyof typeof subjects;
export const readOnly = (who: Who) =>
  forbidden(
    `${who === "KEY" ? "This API key has" : "You have"} READ_ONLY permissions — data modifications are not allowed`,
  );
export const noRole = () => forbidden("You have no role in this workspace");
export const mintingNotAllowed = (who: Who = "KEY") =>
  forbidden(`${subjects[who]} not allowed to mint tokens`);
export const mcpDisabled = () => forbidden("MCP is disabled in this workspace");
export const mcpReadOnly = () => forbidden("MCP is read-only in this workspace");
export const originNotAllowed = () => forbidden("This origin may not use MCP in this workspace");
export const pageNotAllowed = () => forbidden("Pages of this origin may not write to this workspace");
export const addressNotAllowed = () => forbidden("This API key is not allowed from this address");
export const expiredAdminKey = () => unauthorized("Admin key has expired");
export const adminAddressNotAllowed = () => forbidden("This admin key is not allowed from this address");
export const roleNotAllowed = () => forbidden("Your role does not allow this");
export const requestedWithMissing = () =>
  forbidden(
    "X-Requested-With is required: this request is authenticated by a header that browsers add by themselves",
  );
export const lastOwner = () => new AppError("WORKSPACE_STATUS", "The last OWNER cannot be removed");
interface Allowance {
  readonly who: Who;
  readonly known?: readonly string[];
}

/** `known`: the entities for which the operation is allowed. */
export const operationNotAllowed = (operation: string, entity: string, { who, known }: Allowance) =>
  new AppError("FORBIDDEN", `${subjects[who]} not allowed to ${operation} ${shown(entity)}`, {
    unknown: known && { name: entity, known },
  });

/** The result of a write breaks a rule. */
export const recordNotAllowed = (operation: string, entity: string, who: Who) =>
  forbidden(`${subjects[who]} not allowed to ${operation} this ${shown(entity)}`);

/** `known`: the names that the client may know, where they help. */
export const notFound = (what: string, name: string, known?: readonly string[]) =>
  new AppError("NOT_FOUND", `${what} not found: ${shown(name)}`, { unknown: known && { name, known } });
export const entityNotFound = (name: string, known: readonly string[]) => notFound("Entity", name, known);
export const recordNotFound = (id: string) => notFound("Record", id);
export const routeNotFound = () => new AppError("NOT_FOUND", "Route not found");

export const methodNotAllowed = (allowed: readonly string[]) =>
  new AppError("METHOD_NOT_ALLOWED", `Method not allowed — use ${allowed.join(", ")}`, {
    headers: { Allow: allowed.join(", ") },
  });

/** A unique value is taken: of one field, or of the fields of a unique combination. */
export function uniqueViolation(taken: readonly { readonly field: string; readonly value: string }[]) {
  const named = taken.map(({ field, value }) => `${field} '${value}'`).join(" and ");
  const problem =
    taken.length > 1
      ? { message: "is taken in this combination", rule: "UNIQUE_COMPOSITE" }
      : { message: "is already taken", rule: "UNIQUE" };
  const fields = taken.map(({ field }) => ({ field, ...problem }));
  return new AppError("UNIQUE_CONSTRAINT_VIOLATION", `A record with ${named} already exists`, { fields });
}

const hasChanged = (what: string) =>
  new AppError("PRECONDITION_FAILED", `The ${what} has changed: If-Match does not hold`);
export const malformedIfMatch = () =>
  badRequest('Malformed If-Match — must be * or entity tags in double quotes, such as "1-abc"');
export const malformedIfNoneMatch = () =>
  badRequest('Malformed If-None-Match — must be * or entity tags in double quotes, such as "1-abc"');
export const recordExists = () =>
  new AppError("PRECONDITION_FAILED", "If-None-Match does not hold: the record exists");
export const recordHasChanged = () => hasChanged("record");
export const schemaHasChanged = () => hasChanged("schema");

export const idempotencyConflict = (why: string) =>
  new AppError("IDEMPOTENCY_CONFLICT", `This Idempotency-Key ${why} — send a new one`);
export const usedForAnother = () => idempotencyConflict("was used for another request");
/** The request was done, so the client must not be told to send it again. */
export const alreadyDone = (why: string) =>
  new AppError(
    "IDEMPOTENCY_CONFLICT",
    `This Idempotency-Key ${why}: the write was done, but its response cannot be repeated`,
  );

/** `retryAfterSeconds` is the time until the window ends. */
export const rateLimited = (message: string, retryAfterSeconds: number) =>
  new AppError("RATE_LIMITED", message, { headers: { "Retry-After": String(retryAfterSeconds) } });

/** Longer than a scheduled run waits for the next. */
const MAKING_ROOM_SECONDS = 60;
export const outboxFull = () =>
  rateLimited(
    "The webhook events of this workspace take all the space that they may — retry when its webhooks have responded",
    MAKING_ROOM_SECONDS,
  );
export const idempotencyFull = () =>
  rateLimited(
    "The responses kept for Idempotency-Keys of this workspace take all the space that they may — each is deleted after 24 hours",
    MAKING_ROOM_SECONDS,
  );

export const foreignKeyViolation = (message: string, fields?: readonly FieldProblem[]) =>
  new AppError("FOREIGN_KEY_VIOLATION", message, { fields });

/** A field refers to a record that does not exist. */
export const referenceMissing = (message: string, field: string) =>
  foreignKeyViolation(message, [{ field, message: "does not exist", rule: "FOREIGN_KEY" }]);

/** A field of an entity still refers to what is to be deleted. */
export const stillReferenced = (
  message: string,
  { entity, field }: { readonly entity: string; readonly field: string },
) => foreignKeyViolation(message, [{ entity, field, message: "still refers to it", rule: "FOREIGN_KEY" }]);

/** The database or KV cannot be reached; `Retry-After` is in seconds. */
export const serviceUnavailable = (cause: unknown) =>
  new AppError("SERVICE_UNAVAILABLE", "The service is temporarily unavailable — please retry", {
    headers: { "Retry-After": "1" },
    cause,
  });

export const schemaMigrationInProgress = (cause?: unknown) =>
  new AppError("SCHEMA_MIGRATION_IN_PROGRESS", "A schema change is in progress — please retry", {
    headers: { "Retry-After": "1" },
    cause,
  });

function unauthorized(message: string) {
  return new AppError("UNAUTHORIZED", message, { headers: { "WWW-Authenticate": "Bearer" } });
}
