import { and, eq, sql } from "drizzle-orm";
import { db, type Platform } from "../db/platform.ts";
import { idempotency } from "../db/tables/platform.ts";
import type { Statement } from "../model/sql-value.ts";
import type { Keep, KeptRequest } from "../write/plan/write-plan.ts";
import type { IdempotentRequest } from "./fence-context.ts";

/*
 * The table `idempotency`, with the outcomes of writes that have an Idempotency-Key. Only replay.ts uses it. What to
 * store is given as SQL text, because it contains the SQL of records.
 */

/** How long a request can be replayed. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Characters of stored content read at once. Each can take six in the database's response. */
const PART_LENGTH = 1_000_000;
/** The position of the request itself. Records have the positions of their writes. */
const REQUEST = -1;
/** Separates the request's content from the positions of the finished steps. JSON cannot contain it unescaped. */
const BEFORE_POSITION = "\n";

/** A request with the owner of its Idempotency-Key. */
export interface OwnRequest extends IdempotentRequest {
  readonly workspaceId: number;
  readonly principal: string;
}

/** An earlier request with the same key. */
export interface EarlierRequest extends KeptRequest {
  readonly fingerprint: string;
  readonly schemaVersion: number;
  readonly createdAt: Date;
}

const { position, content, fingerprint, schemaVersion, createdAt } = idempotency;

const isOwn = ({ workspaceId, principal, key }: OwnRequest) =>
  and(
    eq(idempotency.workspaceId, workspaceId),
    eq(idempotency.principal, principal),
    eq(idempotency.key, key),
  );
const IS_OWN = "workspace_id = ? AND principal = ? AND key = ?";

const timeOfExpiry = (now: Date) => new Date(now.getTime() - KEPT_MS).toISOString();

export const isExpired = ({ createdAt }: EarlierRequest, now: Date): boolean =>
  createdAt.toISOString() < timeOfExpiry(now);

/** Claims the key for a request. The last statement breaks a unique rule if an earlier request has the key. */
export function claimStatements(
  { workspaceId, principal, key, fingerprint, now }: OwnRequest,
  schemaVersion: number,
  content: string | null,
): readonly [Statement, Statement] {
  return [
    {
      sql: `DELETE FROM idempotency WHERE ${IS_OWN} AND created_at < ?`,
      args: [workspaceId, principal, key, timeOfExpiry(now)],
    },
    {
      sql: `INSERT INTO idempotency (workspace_id, principal, key, position, content, fingerprint, schema_version, created_at)
        VALUES (?, ?, ?, ${REQUEST}, ?, ?, ?, ?)`,
      args: [workspaceId, principal, key, content, fingerprint, schemaVersion, now.toISOString()],
    },
  ];
}

/** Stores the outcome of the step before it; nothing if that step found no record to change. */
export function keepStatement(request: OwnRequest, keep: Keep): Statement {
  const cell = keep.cell();
  return cell ? keepCell(request, keep.position, cell) : keepDone(request, keep);
}

/** The query comes first, because SQLite's parser then needs less stack than behind FROM. */
function keepCell(
  { workspaceId, principal, key, now }: OwnRequest,
  position: number,
  cell: Statement,
): Statement {
  return {
    sql: `WITH found (content) AS (${cell.sql}) INSERT INTO idempotency (workspace_id, principal, key, position, content, created_at) SELECT ?, ?, ?, ?, content, ? FROM found`,
    args: [...cell.args, workspaceId, principal, key, position, now.toISOString()],
  };
}

function keepDone({ workspaceId, principal, key }: OwnRequest, { position, isFound }: Keep): Statement {
  const isDone = isFound ? `EXISTS (${isFound.sql})` : "changes() > 0";
  return {
    sql: `UPDATE idempotency SET content = coalesce(content, '') || ? WHERE ${IS_OWN} AND position = ${REQUEST} AND ${isDone}`,
    args: [BEFORE_POSITION + position, workspaceId, principal, key, ...(isFound?.args ?? [])],
  };
}

/** Replaces the stored content of the request itself. */
export const keepContent = ({ workspaceId, principal, key }: OwnRequest, content: string): Statement => ({
  sql: `UPDATE idempotency SET content = ? WHERE ${IS_OWN} AND position = ${REQUEST}`,
  args: [content, workspaceId, principal, key],
});

/** Finds everything stored for a request with the same key. */
export const findStored = (request: OwnRequest) =>
  db
    .select({ position, content, fingerprint, schemaVersion, createdAt })
    .from(idempotency)
    .where(isOwn(request));

type StoredRow = Awaited<ReturnType<typeof findStored>>[number];

/**
 * Finds, in parts, content that is too large to read at once. Records are stored as JSON texts, which the response
 * escapes again.
 */
export async function findInParts(
  platform: Platform,
  request: OwnRequest,
): Promise<EarlierRequest | undefined> {
  const isEmpty = sql<number>`${content} IS NULL`;
  const heads = db.select({ position, isEmpty, fingerprint, schemaVersion, createdAt }).from(idempotency);
  const [found] = await platform.readBatch([heads.where(isOwn(request))]);
  const rows: StoredRow[] = [];
  for (const { isEmpty, ...head } of found)
    rows.push({ ...head, content: isEmpty ? null : await readContent(platform, request, head.position) });
  return toEarlierRequest(rows);
}

async function readContent(platform: Platform, request: OwnRequest, at: number): Promise<string> {
  let whole = "";
  for (let start = 1; ; start += PART_LENGTH) {
    const part = sql<string>`substr(${content}, ${start}, ${PART_LENGTH})`;
    const parts = db.select({ part }).from(idempotency);
    const [[row]] = await platform.readBatch([parts.where(and(isOwn(request), eq(position, at)))]);
    if (!row?.part) return whole;
    whole += row.part;
  }
}

/** Returns undefined if nothing is stored. */
export function toEarlierRequest(rows: readonly StoredRow[]): EarlierRequest | undefined {
  const request = rows.find(({ position }) => position === REQUEST);
  if (!request) return undefined;
  const { fingerprint, schemaVersion, createdAt } = request;
  const [content = "", ...done] = (request.content ?? "").split(BEFORE_POSITION);
  const records = rows.filter(({ position }) => position !== REQUEST);
  return {
    fingerprint: fingerprint ?? "",
    schemaVersion: schemaVersion ?? 0,
    createdAt: new Date(createdAt),
    content: content === "" ? null : content,
    records: new Map(records.map(({ position, content }) => [position, content ?? ""])),
    done: new Set(done.map(Number)),
  };
}

/** Deletes up to `limit` rows of requests that can no longer be replayed. */
export const expireStatement = (now: Date, limit: number): Statement => ({
  sql: `DELETE FROM idempotency WHERE (workspace_id, principal, key, position) IN (
      SELECT workspace_id, principal, key, position FROM idempotency WHERE created_at < ? LIMIT ?)`,
  args: [timeOfExpiry(now), limit],
});
