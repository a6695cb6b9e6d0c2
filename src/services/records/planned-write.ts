import { parseId, recordValidatorOf, type Surroundings } from "../../columns/validate-record.ts";
import { AppError } from "../../errors/app-error.ts";
import { recordHasChanged, recordNotFound, validationFailed } from "../../errors/failures.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import type { Rows } from "../../libsql/database.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { compileOverflowChecks, type OverflowCheck } from "../../query/sql/compile-overflow.ts";
import {
  type CompiledView,
  compileRecordView,
  LAST_INSERTED,
  type RecordId,
} from "../../query/sql/compile-record-view.ts";
import {
  compileDelete,
  compileExists,
  compileGetById,
  compileInsert,
  compileIsAtVersion,
  compileUpdate,
} from "../../query/sql/record-statements.ts";
import { shapeRow, type TaggedRecord } from "../../query/sql/shape-record.ts";
import type { ServiceContext, WorkspaceContext } from "../context.ts";
import type { Requirement } from "../fence/fenced-plan.ts";
import { type Diagnosis, diagnoseDelete, diagnoseWrite } from "./diagnose-failure.ts";

/** One validated write of one record, ready for any batch. */
export interface PlannedWrite {
  readonly statement: Statement;
  /** What it stores, by column; nothing for a delete. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  /** Undefined while the database has yet to give one. */
  readonly id: SqlValue | undefined;
  readonly requires: readonly Requirement[];
  /** The rows of the statement, not empty → the record; null for a delete. */
  shape(rows: Rows): TaggedRecord | null;
  /** The record as a view shows it; the statement must follow the write. Null for a delete. */
  view(plan: RecordViewPlan): CompiledView | null;
  /** What the view cannot show; the statements must follow the write. */
  checks(plan: RecordViewPlan): readonly OverflowCheck[];
  diagnose(failure: SqlFailure): Diagnosis;
}

export interface UpdateRequest {
  /** As in the path. */
  readonly id: string;
  readonly body: JsonObject;
  readonly expectedVersion?: number | undefined;
}

/**
 * A reference to what the caller may not read cannot be written, nor an id be chosen there: the refusal would tell what
 * is there.
 */
export const surroundingsOf = (
  { now, idempotency }: Pick<WorkspaceContext, "now" | "idempotency">,
  { scope, entity }: Pick<QueryTarget, "scope" | "entity">,
): Surroundings => ({
  iso: ((idempotency instanceof AppError ? undefined : idempotency?.asOf) ?? now).toISOString(),
  generateUuid: newUuidV7,
  isLocked: ({ name, references }) => {
    if (name === "id") return !scope.canRead(entity.name);
    return references !== undefined && !scope.canRead(references.entity);
  },
});

/** Throws VALIDATION_ERROR. */
export function planCreate(
  { catalog, entity }: QueryTarget,
  body: JsonObject,
  now: Surroundings,
): PlannedWrite {
  const validated = recordValidatorOf(entity).validateCreate(body, now);
  if (!validated.ok) throw validationFailed(validated.details);
  const { values } = validated;
  const [idColumn] = entity.columns;
  return {
    statement: compileInsert(entity, values),
    values,
    id: idColumn && values.get(idColumn),
    requires: [],
    ...viewsOf(
      idColumn && values.get(idColumn) !== undefined ? (values.get(idColumn) ?? null) : LAST_INSERTED,
    ),
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose: (failure) => diagnoseWrite(failure, { catalog, entity, values, pending: now.pending }),
  };
}

/** Throws VALIDATION_ERROR, NOT_FOUND. */
export function planUpdate(
  { catalog, entity }: QueryTarget,
  request: UpdateRequest,
  now: Surroundings,
): PlannedWrite {
  const id = parseId(request.id, entity);
  const body = id === undefined ? withoutSameId(request) : request.body;
  const validated = recordValidatorOf(entity).validateUpdate(body, id ?? null, now);
  if (!validated.ok) throw validationFailed(validated.details);
  if (id === undefined) throw recordNotFound(request.id);
  const { values } = validated;
  const { expectedVersion } = request;
  return {
    statement:
      values.size === 0
        ? compileGetById(entity, id, expectedVersion)
        : compileUpdate(entity, id, { values, expectedVersion }),
    values,
    id,
    requires: requirementsOf(entity, { id, text: request.id, expectedVersion }),
    ...viewsOf(id),
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose(failure) {
      const existing = { query: compileGetById(entity, id), sent: values };
      return diagnoseWrite(failure, { catalog, entity, values, pending: now.pending, existing });
    },
  };
}

/** An id that cannot be one is not found, also when the body repeats it. */
function withoutSameId({ id, body }: UpdateRequest): JsonObject {
  const { id: sent, ...others } = body;
  return typeof sent !== "object" && String(sent) === id ? others : body;
}

/** Throws NOT_FOUND. */
export function planDelete(
  { catalog, entity }: QueryTarget,
  text: string,
  expectedVersion?: number,
): PlannedWrite {
  const id = parseId(text, entity);
  if (id === undefined) throw recordNotFound(text);
  return {
    statement: compileDelete(entity, id, expectedVersion),
    values: new Map(),
    id,
    requires: requirementsOf(entity, { id, text, expectedVersion }),
    view: () => null,
    checks: () => [],
    shape: () => null,
    diagnose: (failure) => diagnoseDelete(failure, { catalog, entity, id }),
  };
}

/** How the record of an id is shown. */
export function viewsOf(id: RecordId): Pick<PlannedWrite, "view" | "checks"> {
  return {
    view: (plan) => compileRecordView(plan, id),
    checks: (plan) => compileOverflowChecks(plan, id),
  };
}

interface Existing {
  readonly id: SqlValue;
  readonly text: string;
  readonly expectedVersion: number | undefined;
}

/** The record is there, and at the version that the client saw. */
function requirementsOf(entity: Entity, { id, text, expectedVersion }: Existing): readonly Requirement[] {
  const exists = { query: compileExists(entity, id), otherwise: () => recordNotFound(text) };
  if (expectedVersion === undefined) return [exists];
  return [exists, { query: compileIsAtVersion(entity, id, expectedVersion), otherwise: recordHasChanged }];
}

/** The record that a write returned; null for a delete. Throws what the write says when it found nothing. */
export function recordOf(write: PlannedWrite, rows: Rows): JsonObject | null {
  const [first] = write.requires;
  if (rows.length === 0 && first) throw first.otherwise();
  return write.shape(rows)?.record ?? null;
}

/** What to tell the client of failed writes; all of their questions in one round trip. */
export async function explainFailures(
  { database }: ServiceContext,
  diagnoses: readonly Diagnosis[],
): Promise<readonly (AppError | undefined)[]> {
  const statements = diagnoses.flatMap((diagnosis) => diagnosis.statements);
  const answers = statements.length === 0 ? [] : await database.read(statements);
  let start = 0;
  return diagnoses.map((diagnosis) => {
    const own = answers.slice(start, start + diagnosis.statements.length);
    start += diagnosis.statements.length;
    return diagnosis.conclude(own);
  });
}

/** As explainFailures, for one write that was alone. */
export async function explainFailure(ctx: ServiceContext, write: PlannedWrite, failure: SqlFailure) {
  const [error] = await explainFailures(ctx, [write.diagnose(failure)]);
  return error;
}
