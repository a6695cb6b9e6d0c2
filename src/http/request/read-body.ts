import {
  badRequest,
  invalidJson,
  notAnObject,
  unsupportedContentEncoding,
  unsupportedMediaType,
} from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { scanJson } from "../../lib/exact-json.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseExactly } from "../../model/json.ts";
import type { AppContext } from "../context.ts";

export const MAX_BODY_BYTES = 1024 * 1024;
/** Parsing a larger one takes so long that others get their turn before it and after it. */
const LARGE_BODY_BYTES = 32 * 1024;
/** Deep enough for any record, shallow enough for any recursion. */
const MAX_BODY_DEPTH = 64;

/** The body, or the error that it causes, thrown where the contract's order has its place. */
export type Body<T> = () => T;

export async function readJsonObject(c: AppContext): Promise<Body<JsonObject>> {
  const json = await readJson(c);
  return () => {
    const value = json();
    if (!isJsonObject(value)) throw notAnObject();
    return value;
  };
}

/** The same as readJsonObject, except that no body is the empty object. */
export async function readOptionalJsonObject(c: AppContext): Promise<Body<JsonObject>> {
  const bytes = await readBytes(c);
  return bytes instanceof Uint8Array && bytes.length === 0 ? () => ({}) : readJsonObject(c);
}

/** Throws, when called: 413, 415, 400 BAD_REQUEST. */
export async function readJson(c: AppContext): Promise<Body<JsonValue>> {
  const bytes = await readBytes(c);
  const json = once(() => {
    if (bytes instanceof AppError) throw bytes;
    if (bytes.length > 0) {
      requireJsonContentType(c.req.header("Content-Type"));
      requireKnownEncoding(c.req.header("Content-Encoding"));
    }
    return parseJson(bytes);
  });
  if (isLarge(bytes)) {
    settle(json);
    await c.env.WAIT_FOR_TURN?.();
  }
  return json;
}

/** Returns the same work, done at the first call only: later ones return or throw the same. */
function once<T>(work: () => T): () => T {
  let outcome: (() => T) | undefined;
  return () => {
    outcome ??= settle(work);
    return outcome();
  };
}

/** Does the work now. Returns what returns its value or throws its error. */
function settle<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const isLarge = (bytes: Uint8Array | AppError) =>
  bytes instanceof Uint8Array && bytes.length > LARGE_BODY_BYTES;

/** The body, read once; an AppError if it is too large or truncated. */
export async function readBytes(c: AppContext): Promise<Uint8Array | AppError> {
  const known = c.get("body");
  if (known) return known;
  const bytes = await readLimited(c.req.raw).catch(() =>
    badRequest(
      isGzip(c.req.header("Content-Encoding"))
        ? "Request body is not valid gzip"
        : "Request body could not be read: it ends before its length, or its chunks are malformed",
    ),
  );
  c.set("body", bytes);
  if (isLarge(bytes)) await c.env.WAIT_FOR_TURN?.();
  return bytes;
}

/** Stops reading a body that is too large. */
async function readLimited(request: Request): Promise<Uint8Array | AppError> {
  const { headers } = request;
  const isPacked = isGzip(headers.get("Content-Encoding"));
  const length = headers.get("Content-Length");
  // A body that is not chunked is never longer than declared. Reading it in chunks takes several times as long.
  if (length !== null && !isPacked && !headers.has("Transfer-Encoding"))
    return Number(length) > MAX_BODY_BYTES ? tooLarge() : new Uint8Array(await request.arrayBuffer());
  const { body } = request;
  if (!body) return new Uint8Array();
  const stream = isPacked ? body.pipeThrough(new DecompressionStream("gzip")) : body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return tooLarge();
    chunks.push(chunk);
  }
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  return concatenate(chunks, size);
}

const tooLarge = () =>
  new AppError("PAYLOAD_TOO_LARGE", `Request body is larger than ${MAX_BODY_BYTES} bytes`);

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function requireJsonContentType(contentType: string | undefined): void {
  if (contentType === undefined || contentType === "") return;
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (mediaType === "application/json" || /^application\/[^ ]+\+json$/.test(mediaType)) return;
  throw unsupportedMediaType();
}

const isGzip = (encoding: string | null | undefined) => /^(?:x-)?gzip$/i.test(encoding?.trim() ?? "");

function requireKnownEncoding(encoding: string | undefined): void {
  if (encoding && encoding.toLowerCase() !== "identity" && !isGzip(encoding))
    throw unsupportedContentEncoding();
}

function parseJson(bytes: Uint8Array): JsonValue {
  let text: string;
  let value: JsonValue;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw invalidJson();
  }
  const { depth, inexact } = scanJson(text);
  if (depth > MAX_BODY_DEPTH) throw badRequest(`Request body is nested deeper than ${MAX_BODY_DEPTH} levels`);
  return inexact.length > 0 ? parseExactly(text, inexact) : value;
}
