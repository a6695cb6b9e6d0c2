import { AnswerTooLarge } from "../errors/failures.ts";
import type { Database, Rows } from "../libsql/database.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";

/** How long an answer is given again. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Characters of what is kept that are read at once; each can take six in the database's answer. */
const PART_LENGTH = 1_000_000;
/** Position of the request itself among what is kept of it. */
const REQUEST = -1;

/** A request that must be done once, however often it is sent. */
export interface IdempotentRequest {
  readonly apiKeyId: string;
  /** As the client sent it; keys are separate per API key. */
  readonly key: string;
  /** Differs when method, path or body differ. */
  readonly fingerprint: string;
  readonly now: Date;
}

/** What was kept of an earlier request with the same key. */
export interface KeptRequest {
  readonly fingerprint: string;
  readonly schemaVersion: number;
  readonly createdAt: Date;
  /** The whole answer, for requests whose answer cannot be made again from their records. */
  readonly answer: string | null;
  /** Contents of records by position. */
  readonly records: ReadonlyMap<number, string>;
}

const timeOfExpiry = (now: Date) => new Date(now.getTime() - KEPT_MS).toISOString();

/** Takes the key for this request. The second statement breaks a unique rule when an earlier request has it. */
export function claimKeyStatements(
  request: IdempotentRequest,
  schemaVersion: number,
): readonly [Statement, Statement] {
  const { apiKeyId, key, fingerprint, now } = request;
  return [
    {
      sql: "DELETE FROM idempotency WHERE api_key_id = ? AND key = ? AND created_at < ?",
      args: [apiKeyId, key, timeOfExpiry(now)],
    },
    {
      sql: `INSERT INTO idempotency (api_key_id, key, position, fingerprint, schema_version, created_at)
        VALUES (?, ?, ${REQUEST}, ?, ?, ?)`,
      args: [apiKeyId, key, fingerprint, schemaVersion, now.toISOString()],
    },
  ];
}

/**
 * Keeps what the query finds, one cell, as the record of a position; without a query, that there is none. Nothing is
 * kept of a write that found nothing to change: no other write may come between the two.
 */
export function keepRecord(
  { apiKeyId, key, now }: IdempotentRequest,
  position: number,
  content?: Statement,
): Statement {
  /* Named in front, where it takes fewer places on the stack of SQLite's parser than behind FROM. */
  const [found, value, source] = content
    ? [`WITH found (content) AS (${content.sql}) `, "content", "FROM found"]
    : ["", "'null'", "WHERE changes() > 0"];
  return {
    sql: `${found}INSERT INTO idempotency (api_key_id, key, position, content, created_at) SELECT ?, ?, ?, ${value}, ? ${source}`,
    args: [...(content?.args ?? []), apiKeyId, key, position, now.toISOString()],
  };
}

export function keepAnswer({ apiKeyId, key }: IdempotentRequest, answer: string): Statement {
  return {
    sql: `UPDATE idempotency SET content = ? WHERE api_key_id = ? AND key = ? AND position = ${REQUEST}`,
    args: [answer, apiKeyId, key],
  };
}

/** What is kept of a request with the same key; undefined when nothing is, or not any more. */
export async function findKept(
  database: Database,
  request: IdempotentRequest,
): Promise<KeptRequest | undefined> {
  try {
    return decodeKept((await database.read([keptStatement(request, "content")]))[0]);
  } catch (failure) {
    if (!(failure instanceof AnswerTooLarge)) throw failure;
    return findLarge(database, request);
  }
}

/** What could only just be answered can be too large as it is kept, where its JSON is in a text; it is read in parts. */
async function findLarge(database: Database, request: IdempotentRequest): Promise<KeptRequest | undefined> {
  const [heads = []] = await database.read([keptStatement(request, "content IS NULL")]);
  const rows: (readonly SqlValue[])[] = [];
  for (const [position = null, isEmpty, ...facts] of heads) {
    const content = isEmpty ? null : await readContent(database, request, position);
    rows.push([position, content, ...facts]);
  }
  return decodeKept(rows);
}

async function readContent(
  database: Database,
  { apiKeyId, key }: IdempotentRequest,
  position: SqlValue,
): Promise<string> {
  let content = "";
  for (let start = 1; ; start += PART_LENGTH) {
    const [[[part = ""] = []] = []] = await database.read([
      {
        sql: "SELECT substr(content, ?, ?) FROM idempotency WHERE api_key_id = ? AND key = ? AND position = ?",
        args: [start, PART_LENGTH, apiKeyId, key, position],
      },
    ]);
    if (!part) return content;
    content += String(part);
  }
}

function keptStatement({ apiKeyId, key }: IdempotentRequest, content: string): Statement {
  return {
    sql: `SELECT position, ${content}, fingerprint, schema_version, created_at FROM idempotency WHERE api_key_id = ? AND key = ?`,
    args: [apiKeyId, key],
  };
}

export const isExpired = ({ createdAt }: KeptRequest, now: Date): boolean =>
  createdAt.toISOString() < timeOfExpiry(now);

function decodeKept(rows: Rows = []): KeptRequest | undefined {
  const request = rows.find(([position]) => position === REQUEST);
  if (!request) return undefined;
  const [, answer, fingerprint, schemaVersion, createdAt] = request;
  const records = rows.filter(([position]) => position !== REQUEST);
  return {
    fingerprint: String(fingerprint),
    schemaVersion: Number(schemaVersion),
    createdAt: new Date(String(createdAt)),
    answer: answer === null || answer === undefined ? null : String(answer),
    records: new Map(records.map(([position, content]) => [Number(position), String(content)])),
  };
}

/** Forgets up to `limit` rows of what is too old to be given again. */
export const expireStatement = (now: Date, limit: number): Statement => ({
  sql: `DELETE FROM idempotency WHERE (api_key_id, key, position) IN (
      SELECT api_key_id, key, position FROM idempotency WHERE created_at < ? LIMIT ?)`,
  args: [timeOfExpiry(now), limit],
});
