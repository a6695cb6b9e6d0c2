import { eq, inArray, sql } from "drizzle-orm";
import { auditValues } from "../../db/audit.ts";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { type Lease, releaseLease, renewLease, requireLease, takeLease } from "../../db/migration-lease.ts";
import { db, statementOf } from "../../db/platform.ts";
import { entities, schemaChanges, workspaces } from "../../db/tables/platform.ts";
import { isGuardFailure } from "../../db/write-guard.ts";
import { compileChange } from "../../ddl/compile-change.ts";
import { compileOutboxChange } from "../../ddl/outbox-triggers.ts";
import { schemaMigrationInProgress } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { newId } from "../../lib/ids.ts";
import { logWarning } from "../../lib/logger.ts";
import { LONG_WRITE_TIMEOUT_MS } from "../../libsql/database.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import type { SchemaChange } from "../../model/schema-change.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { stepsOf, type WritePlan, type WriteStep } from "../../write/plan/write-plan.ts";
import { keepLoadable } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Ask, findDataProblems } from "./find-data-problems.ts";
import {
  changesOf,
  conflictError,
  dataChecksOf,
  planSchema,
  requireLossAllowed,
  type SchemaEdit,
  type SchemaPlan,
} from "./plan-schema.ts";

export interface AppliedChange<E extends SchemaEdit = SchemaEdit> {
  /** The version and entities of the current schema. */
  readonly version: number;
  readonly changes: readonly SchemaChange[];
  readonly edit: E;
}

/**
 * Changes the schema atomically: metadata, tables and records together, and `schemaVersion` rises by one. Nothing
 * happens if nothing differs or existing records conflict. `edit` is pure, and runs again if the schema has changed
 * meanwhile. A change that checks existing records holds a lease: others can read, and wait to write. Throws
 * WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, SCHEMA_MIGRATION_IN_PROGRESS, and what `edit` throws.
 */
export async function changeSchema<E extends SchemaEdit>(
  ctx: WorkspaceContext,
  edit: (view: WorkspaceView) => E,
): Promise<AppliedChange<E>> {
  const token = newId("mig");
  const first = await runFenced(ctx, {
    need: "SCHEMA",
    plan(view): WritePlan<{ plan: SchemaPlan<E>; isApplied: boolean }> {
      const plan = planSchema(view, edit(view));
      requireLossAllowed(plan);
      const isReady = dataChecksOf(plan).length === 0;
      const lease = { workspaceId: plan.workspaceId, token };
      return {
        kind: "WRITE",
        steps: isReady ? applySteps(ctx, plan, view) : stepsOf([takeLease(lease)]),
        timeoutMs: LONG_WRITE_TIMEOUT_MS,
        shape: () => ({ plan, isApplied: isReady }),
      };
    },
  });
  if (!first.isApplied)
    await applyUnderLease(ctx, first.plan, { workspaceId: first.plan.workspaceId, token });
  forgetWorkspaceView(ctx.address);
  return appliedChange(first.plan);
}

function appliedChange<E extends SchemaEdit>(plan: SchemaPlan<E>): AppliedChange<E> {
  const changes = changesOf(plan);
  const version = changes.length === 0 ? plan.version : plan.version + 1;
  return { version, changes, edit: plan.edit };
}

async function applyUnderLease(ctx: WorkspaceContext, plan: SchemaPlan, lease: Lease): Promise<void> {
  try {
    const ask: Ask = async (statements) => {
      /* Renewed last: the checks may take longer than the lease, and nobody else can write meanwhile anyway. */
      const asked = [requireLease(lease), ...statements, renewLease(lease)];
      return (await ctx.database.write(asked, LONG_WRITE_TIMEOUT_MS)).slice(1, -1);
    };
    const problems = await findDataProblems(dataChecksOf(plan), { ask, now: ctx.now });
    if (problems.length > 0) throw conflictError(plan, problems);
    await runFenced(ctx, {
      need: "MIGRATION",
      plan(view) {
        if (view.workspace.schemaVersion !== plan.version) throw schemaMigrationInProgress();
        return {
          kind: "WRITE",
          steps: [
            ...stepsOf([requireLease(lease)]),
            ...applySteps(ctx, plan, view),
            ...stepsOf([releaseLease(lease)]),
          ],
          timeoutMs: LONG_WRITE_TIMEOUT_MS,
          shape: () => undefined,
        };
      },
    });
  } catch (failure) {
    await ctx.database
      .write([releaseLease(lease)])
      .catch((cause) =>
        logWarning("could not release the lease of a schema change, which will expire", cause),
      );
    const isLost = failure instanceof SqlFailure && isGuardFailure(failure);
    throw isLost ? schemaMigrationInProgress(failure) : failure;
  }
}

/**
 * Does nothing if nothing differs. A conversion of records sends no event, because webhooks report what clients write.
 */
function applySteps(
  ctx: WorkspaceContext,
  plan: SchemaPlan,
  { webhooks }: WorkspaceView,
): readonly WriteStep[] {
  if (plan.planned.length === 0) return [];
  const outbox = compileOutboxChange(plan.schema, webhooks);
  const statements = [
    ...outbox.taken,
    ...compileChange(plan.schema),
    ...outbox.made,
    ...writeDefinitions(plan),
    ...recordChange(ctx, plan),
  ];
  return [...stepsOf(statements), keepLoadable(plan.workspaceId)];
}

/** Changed definitions take free names first, because two may have swapped theirs. */
function writeDefinitions({ workspaceId, edit, schema }: SchemaPlan): readonly Statement[] {
  const { definitions } = edit;
  const old = new Map([...schema.before.entities.values()].map(({ id, definition }) => [id, definition]));
  const kept = new Set(definitions.map(({ id }) => id));
  const dropped = [...old.keys()].filter((id) => !kept.has(id));
  const changed = definitions.filter((definition) => {
    const before = old.get(definition.id);
    return before && JSON.stringify(before) !== JSON.stringify(definition);
  });
  const added = definitions.filter(({ id }) => !old.has(id));
  const idsOf = (list: readonly EntityDefinition[]) => list.map(({ id }) => id);
  const order = JSON.stringify(idsOf(definitions));
  return [
    ...(dropped.length > 0 ? [db.delete(entities).where(inArray(entities.id, dropped))] : []),
    ...(changed.length > 0
      ? [
          db
            .update(entities)
            .set({ name: sql`${entities.id}`, tableName: sql`${entities.id}` })
            .where(inArray(entities.id, idsOf(changed))),
        ]
      : []),
    ...changed.map((definition) => {
      const { id, name, tableName } = definition;
      return db.update(entities).set({ name, tableName, definition }).where(eq(entities.id, id));
    }),
    ...added.map((definition) => {
      const { id, name, tableName } = definition;
      return db.insert(entities).values({ id, workspaceId, position: 0, name, tableName, definition });
    }),
    db
      .update(entities)
      .set({ position: sql`(SELECT "key" FROM json_each(${order}) WHERE "value" = ${entities.id})` })
      .where(eq(entities.workspaceId, workspaceId)),
  ].map(statementOf);
}

function recordChange(ctx: WorkspaceContext, plan: SchemaPlan): readonly Statement[] {
  const { workspaceId } = plan;
  const { version, changes } = appliedChange(plan);
  const { now } = ctx;
  return [
    db
      .update(workspaces)
      .set({
        schemaVersion: version,
        revision: sql`${workspaces.revision} + 1`,
        updatedAt: now.toISOString(),
      })
      .where(eq(workspaces.id, workspaceId)),
    auditValues(
      ctx,
      { action: "schema.changed", subject: "schema", workspaceId },
      {
        before: { version: plan.version },
        after: { version, changes: changes.map((change) => ({ ...change })) },
      },
    ),
    db.insert(schemaChanges).values({ workspaceId, version, changes, createdAt: now.toISOString() }),
  ].map(statementOf);
}
