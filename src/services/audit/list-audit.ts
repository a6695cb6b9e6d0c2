import { and, desc, eq, gte, lte } from "drizzle-orm";
import * as z from "zod/v4";
import { toTypedStatement } from "../../db/platform.ts";
import { auditLog } from "../../db/tables/platform.ts";
import { badRequest } from "../../errors/failures.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { instantSchema, timeSchema } from "../field-schemas.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";

/** One admin change. */
export const auditEntrySchema = z.strictObject({
  id: z.string(),
  at: timeSchema,
  requestId: z.string(),
  action: z.string(),
  subject: z.string(),
  /** Null for what was created. */
  before: z.record(z.string(), z.unknown()).nullable(),
  /** Null for what was deleted. */
  after: z.record(z.string(), z.unknown()).nullable(),
});
type AuditDto = Dto<typeof auditEntrySchema>;

export interface AuditQuery extends PageRequest {
  readonly action: string | null;
  readonly subject: string | null;
  /** Inclusive, both. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Newest first. Throws NOT_FOUND, BAD_REQUEST for times that are none. */
export async function listAudit(ctx: WorkspaceContext, query: AuditQuery): Promise<Page<AuditDto>> {
  const { read } = ctx.platform;
  const [from, to] = [instantOf("from", query.from), instantOf("to", query.to)];
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace }) {
      const { id, at, requestId, action, subject, before, after } = auditLog;
      const matches = and(
        eq(auditLog.workspaceId, workspace.id),
        query.action === null ? undefined : eq(action, query.action),
        query.subject === null ? undefined : eq(subject, query.subject),
        from === undefined ? undefined : gte(at, from),
        to === undefined ? undefined : lte(at, to),
      );
      const page = toTypedStatement(
        read
          .select({ id, at, requestId, action, subject, before, after })
          .from(auditLog)
          .where(matches)
          .orderBy(desc(at), desc(auditLog.sequence))
          .limit(query.size)
          .offset(query.page * query.size),
      );
      const total = toTypedStatement(totalOf(ctx.platform, auditLog, matches));
      return {
        kind: "READ",
        statements: [page.statement, total.statement],
        shape: ([rows, totals]) => toPage(page.rowsOf(rows), query, total.rowsOf(totals)[0]?.total ?? 0),
      };
    },
  });
}

function instantOf(name: string, text: string | null): string | undefined {
  if (text === null) return undefined;
  const parsed = z.safeParse(instantSchema, text);
  if (!parsed.success) throw badRequest(`Invalid ${name} '${text}' — use a date-time (ISO 8601)`);
  return parsed.data;
}
