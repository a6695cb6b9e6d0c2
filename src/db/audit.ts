import { and, type Column, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { newId } from "../lib/ids.ts";
import { type Administrator, SYSTEM } from "../model/administrator.ts";
import { db } from "./platform.ts";
import { auditLog } from "./tables/platform.ts";

/* The only code that writes the audit log. An entry is written in the transaction of its change. */

/** The columns that an entry shows for each kind of thing, never a secret. */
export interface AuditSubject {
  readonly table: SQLiteTable;
  readonly columns: Readonly<Record<string, Column>>;
  /** Selects the changed row, or none. */
  readonly where: SQL | undefined;
  /** A precondition: if it is false, nothing is changed or recorded. */
  readonly onlyIf?: SQL;
}

export interface AuditContext {
  readonly requestId: string;
  readonly now: Date;
  readonly administrator?: Administrator;
}

/** Who makes a change, as columns of its entry. */
function actorColumns({ administrator = SYSTEM }: Pick<AuditContext, "administrator">) {
  const { kind, id, name } = administrator;
  return { actorKind: kind, actorId: id, actorName: name };
}

export interface AuditEntry {
  /** Such as `api-key.revoked`. */
  readonly action: string;
  /** The slug or id of the changed thing. */
  readonly subject: string;
  /** SQL for the workspace's id; null for things outside workspaces. */
  readonly workspaceId: SQL | number | null;
  /** SQL for the organization's id, for things outside workspaces; null for things outside organizations. */
  readonly organizationId?: SQL | Column | null;
}

export type AuditValues = Pick<typeof auditLog.$inferInsert, "before" | "after">;

/**
 * Queries of one entry, whose values SQL reads from the changed row. If nothing matches, nothing is recorded. `before`
 * must run before the change and `after` after it. `undo` deletes the entry of a change that was reverted.
 */
export function auditChange(ctx: AuditContext, entry: AuditEntry, subject: AuditSubject) {
  const id = newId("aud");
  const { table, columns, where, onlyIf } = subject;
  const state = sql`json_object(${sql.join(
    Object.entries(columns).flatMap(([name, column]) => [sql`${name}`, jsonValueOf(column)]),
    sql`, `,
  )})`;
  const isBegun = onlyIf && sql`EXISTS (SELECT 1 FROM ${auditLog} WHERE id = ${id})`;
  const actor = actorColumns(ctx);
  const organizationId = entry.organizationId ?? organizationIdOfWorkspace(entry.workspaceId);
  const record = (into: SQL, condition: SQL | undefined, conflict: SQL) =>
    db.run(
      sql`INSERT INTO ${auditLog} (id, workspace_id, organization_id, at, request_id, actor_kind, actor_id, actor_name, action, subject, ${into})
        SELECT ${id}, (${entry.workspaceId}), (${organizationId}), ${ctx.now.toISOString()}, ${ctx.requestId}, ${actor.actorKind}, ${actor.actorId}, ${actor.actorName}, ${entry.action}, ${entry.subject}, ${state}
        FROM ${table} WHERE ${and(where ?? sql`0`, condition)} ${conflict}`,
    );
  return {
    get before() {
      return record(sql`"before"`, onlyIf, sql``);
    },
    get after() {
      return record(sql`"after"`, isBegun, sql`ON CONFLICT (id) DO UPDATE SET "after" = excluded."after"`);
    },
    get undo() {
      return db.delete(auditLog).where(eq(auditLog.id, id));
    },
  };
}

/** The query of one entry, whose values are known before the change. */
export function auditValues(ctx: AuditContext, entry: AuditEntry, values: AuditValues) {
  const { action, subject, workspaceId } = entry;
  return db.insert(auditLog).values({
    id: newId("aud"),
    workspaceId,
    organizationId: sql`(${entry.organizationId ?? organizationIdOfWorkspace(workspaceId)})`,
    ...actorColumns(ctx),
    at: ctx.now.toISOString(),
    requestId: ctx.requestId,
    action,
    subject,
    ...values,
  });
}

/** SQL for the id of a workspace's organization. */
const organizationIdOfWorkspace = (workspaceId: SQL | number | null): SQL =>
  sql`SELECT organization_id FROM workspaces WHERE id = (${workspaceId})`;

function jsonValueOf(column: Column): SQL {
  if (column.dataType === "json") return sql`json(${column})`;
  return column.dataType === "boolean" ? sql`json(iif(${column}, 'true', 'false'))` : sql`${column}`;
}

/** All columns of a table except the named ones. */
export function columnsWithout(table: SQLiteTable, hidden: readonly string[]): Record<string, Column> {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).filter(([name]) => !hidden.includes(name)),
  );
}
