import { badRequest } from "../../errors/api-errors.ts";
import { crc32 } from "../../lib/hashing.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { echo } from "../messages.ts";
import type { SortKey } from "./plan.ts";
import type { QueryTarget } from "./target.ts";

/*
 * A position in a sorted list: base64url of `[checksum, …one value per sort key]`. The checksum notices damage and mix-ups;
 * a forged position grants nothing that a filter would not.
 */

/** Ties a cursor to workspace, entity, sort, and the types of its values. */
export function fingerprintOf({ catalog, entity }: QueryTarget, sort: readonly SortKey[]): string {
  const keys = sort.map(({ hops, column, direction, nulls }) => [
    hops.map(({ entity: through }) => through.id),
    column.id,
    column.type,
    column.scale ?? 0,
    direction,
    nulls,
  ]);
  return JSON.stringify([catalog.workspaceId, entity.id, keys]);
}

export function encodeCursor(values: readonly SqlValue[], fingerprint: string): string {
  const encoded = values.map(encodeValue);
  const json = JSON.stringify([crc32(fingerprint + JSON.stringify(encoded)), ...encoded]);
  const bytes = Array.from(new TextEncoder().encode(json), (byte) => String.fromCharCode(byte)).join("");
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Throws BAD_REQUEST for anything that `encodeCursor` did not make for the same fingerprint. */
export function decodeCursor(cursor: string, fingerprint: string): readonly SqlValue[] {
  const [sum, ...encoded] = readJson(cursor);
  if (sum !== crc32(fingerprint + JSON.stringify(encoded))) throw unfitCursor(cursor);
  return encoded.map((value) => decodeValue(value, cursor));
}

function readJson(cursor: string): readonly unknown[] {
  try {
    if (!/^[A-Za-z0-9_-]+$/.test(cursor)) throw unfitCursor(cursor);
    const bytes = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (character) => character.charCodeAt(0)),
    );
    const json: unknown = JSON.parse(text);
    if (Array.isArray(json)) return json;
  } catch {
    // An unreadable cursor gets the same error as one that does not fit.
  }
  throw unfitCursor(cursor);
}

/** Integers as `[digits]`, exact at 64 bits. Other JSON numbers are doubles, which JavaScript prints exactly. */
function encodeValue(value: SqlValue): string | number | null | readonly [string] {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return [String(value)];
  return value;
}

function decodeValue(value: unknown, cursor: string): SqlValue {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const digits: unknown = Array.isArray(value) ? value[0] : undefined;
  if (typeof digits !== "string" || !/^-?\d{1,19}$/.test(digits)) throw unfitCursor(cursor);
  const integer = BigInt(digits);
  if (BigInt.asIntN(64, integer) !== integer) throw unfitCursor(cursor);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

const unfitCursor = (cursor: string) =>
  badRequest(`Invalid cursor ${echo(cursor)} — it is unreadable, or belongs to another entity or sort`);
