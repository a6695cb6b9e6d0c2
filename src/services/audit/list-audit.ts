import { and, desc, eq, gte, lte, notExists, type SQL } from "drizzle-orm";
import * as z from "zod/v4";
import { db, prepareBatch } from "../../db/platform.ts";
import { auditLog, workspaces } from "../../db/tables/platform.ts";
import { badRequest } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { ADMINISTRATOR_KINDS } from "../../model/administrator.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext, WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { instantSchema, timeSchema } from "../field-schemas.ts";
import { type Counts, type Page, type PageRequest, toPage, totalOf } from "../page.ts";

/** One admin change. */
export const auditEntrySchema = z.strictObject({
  id: z.string(),
  at: timeSchema,
  requestId: z.string(),
  /** Who made the change. */
  actor: z.strictObject({
    kind: z.enum(ADMINISTRATOR_KINDS),
    id: z.string().nullable(),
    name: z.string(),
  }),
  action: z.string(),
  subject: z.string(),
  /** Null for a created thing. */
  before: z.record(z.string(), z.unknown()).nullable(),
  /** Null for a deleted thing. */
  after: z.record(z.string(), z.unknown()).nullable(),
});
type AuditDto = Dto<typeof auditEntrySchema>;

export interface AuditQuery extends PageRequest {
  readonly action: string | null;
  readonly subject: string | null;
  /** Both inclusive. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Lists the workspace's entries, newest first. Throws NOT_FOUND, BAD_REQUEST for invalid times. */
export async function listAudit(ctx: WorkspaceContext, query: AuditQuery): Promise<Page<AuditDto>> {
  const isAsked = conditionOf(query);
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace }) {
      const isOfWorkspace = eq(auditLog.workspaceId, workspace.id);
      const { statements, decode } = prepareBatch(pageOf(query, and(isOfWorkspace, isAsked)));
      return { kind: "READ", statements, shape: (results) => shape(decode(results), query) };
    },
  });
}

/**
 * Lists entries without a workspace, or of a deleted one, newest first, in the administrator's organizations. Throws
 * BAD_REQUEST for invalid times.
 */
export async function listDeploymentAudit(ctx: ServiceContext, query: AuditQuery): Promise<Page<AuditDto>> {
  const isAlive = eq(workspaces.id, auditLog.workspaceId);
  const belongsToNone = notExists(db.select({ id: workspaces.id }).from(workspaces).where(isAlive));
  const isSeen = isWithinReach(ctx, auditLog.organizationId);
  const page = pageOf(query, and(belongsToNone, isSeen, conditionOf(query)));
  return shape(await ctx.platform.readBatch(page), query);
}

function pageOf(query: AuditQuery, matches: SQL | undefined) {
  const { id, at, requestId, actorKind, actorId, actorName, action, subject, before, after } = auditLog;
  const entries = db
    .select({ id, at, requestId, actorKind, actorId, actorName, action, subject, before, after })
    .from(auditLog)
    .where(matches)
    .orderBy(desc(at), desc(auditLog.sequence))
    .limit(query.size)
    .offset(query.page * query.size);
  return [entries, totalOf(auditLog, matches)] as const;
}

type AuditRow = Omit<AuditDto, "actor"> &
  Pick<typeof auditLog.$inferSelect, "actorKind" | "actorId" | "actorName">;

type AuditPage = readonly [readonly AuditRow[], Counts];

function shape([rows, counts]: AuditPage, query: AuditQuery): Page<AuditDto> {
  const entries = rows.map(({ actorKind: kind, actorId: id, actorName: name, ...entry }) => ({
    ...entry,
    actor: { kind, id, name },
  }));
  return toPage(entries, query, counts);
}

/** Throws BAD_REQUEST for an invalid time. */
function conditionOf(query: AuditQuery): SQL | undefined {
  const [from, to] = [instantOf("from", query.from), instantOf("to", query.to)];
  const { at, action, subject } = auditLog;
  return and(
    query.action === null ? undefined : eq(action, query.action),
    query.subject === null ? undefined : eq(subject, query.subject),
    from === undefined ? undefined : gte(at, from),
    to === undefined ? undefined : lte(at, to),
  );
}

function instantOf(name: string, text: string | null): string | undefined {
  if (text === null) return undefined;
  const parsed = z.safeParse(instantSchema, text);
  if (!parsed.success) throw badRequest(`Invalid ${name} '${text}' — use a date-time (ISO 8601)`);
  return parsed.data;
}
