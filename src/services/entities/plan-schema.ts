import { pairSchemas, type SchemaPair } from "../../ddl/pair-schemas.ts";
import { type PlannedChange, planChanges } from "../../ddl/plan-changes.ts";
import type { Detail } from "../../errors/app-error.ts";
import { badRequest, validationFailed } from "../../errors/failures.ts";
import { buildCatalog } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import { MAX_ENTITIES, MAX_REFERENCES } from "../../model/names.ts";
import type { SchemaChange } from "../../model/schema-change.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { checkSchema } from "./check-schema.ts";
import type { DataProblem } from "./find-problems.ts";

/** What a request wants the schema to be. */
export interface SchemaEdit {
  /** All definitions of the workspace, in order. */
  readonly definitions: readonly EntityDefinition[];
  /** The one that the request is about; absent for the whole document. */
  readonly subject?: EntityDefinition;
  /** Whether it says that data may be destroyed. */
  readonly allowsLoss?: boolean;
}

/** A schema change, pure: what it starts from, what it leads to, and what lies between. */
export interface SchemaPlan<E extends SchemaEdit = SchemaEdit> {
  readonly workspaceId: number;
  /** The schema version that it was planned on. */
  readonly version: number;
  readonly edit: E;
  readonly schema: SchemaPair;
  readonly planned: readonly PlannedChange[];
}

/** Throws BAD_REQUEST, VALIDATION_ERROR with the problems of the definitions. */
export function planSchema<E extends SchemaEdit>(
  { workspace, catalog }: WorkspaceView,
  edit: E,
): SchemaPlan<E> {
  const { definitions, subject } = edit;
  if (definitions.length > MAX_ENTITIES)
    throw badRequest(`A workspace is limited to ${MAX_ENTITIES} entities`);
  const references = definitions.flatMap(({ columns }) => columns.filter((column) => column.references));
  if (references.length > MAX_REFERENCES)
    throw badRequest(`A workspace is limited to ${MAX_REFERENCES} references`);
  const subjects = new Set((subject ? [subject] : definitions).map(({ id }) => id));
  const problems = checkSchema(catalog, { definitions, subjects });
  if (problems.length > 0) {
    throw validationFailed(
      problems.map(({ entityId, field, message }) => ({ field: pathTo(edit, entityId) + field, message })),
    );
  }
  const schema = pairSchemas(catalog, buildCatalog({ ...catalog, definitions }));
  const { id: workspaceId, schemaVersion: version } = workspace;
  return { workspaceId, version, edit, schema, planned: planChanges(schema) };
}

/** Of a document `entities[2].`, of the entity in question nothing, of another its name. */
function pathTo({ definitions, subject }: SchemaEdit, entityId: string): string {
  const index = definitions.findIndex(({ id }) => id === entityId);
  if (!subject) return `entities[${index}].`;
  return entityId === subject.id ? "" : `${definitions[index]?.name}.`;
}

export const checksOf = ({ planned }: SchemaPlan) => planned.flatMap(({ checks }) => checks);

/** The changes as they are shown; those that existing data stands against are BLOCKED. */
export function changesOf({ planned }: SchemaPlan, problems: readonly DataProblem[] = []) {
  return planned.map(({ change, checks }): SchemaChange => {
    const reasons = problems.filter(({ check }) => checks.includes(check)).map(({ message }) => message);
    return reasons.length === 0 ? change : { ...change, risk: "BLOCKED", reason: reasons.join("; ") };
  });
}

/** Throws VALIDATION_ERROR when the plan destroys data and the request does not say that it may. */
export function requireLossAllowed({ edit, planned }: SchemaPlan): void {
  if (edit.allowsLoss) return;
  const lossy = planned.map(({ change }) => change).filter(({ risk }) => risk === "LOSSY");
  if (lossy.length === 0) return;
  throw validationFailed(
    lossy.map(({ kind, entity, column }) => ({
      field: column ? `${entity}.${column}` : entity,
      message: `${kind} destroys data — repeat with ?allow=lossy`,
    })),
  );
}

/** One detail for each column that existing records stand against; the first problem of a column is told. */
export function refusalOf({ edit }: SchemaPlan, problems: readonly DataProblem[]) {
  const details = new Map<string, Detail>();
  for (const { check, message } of problems) {
    const field = edit.subject ? check.column : `${check.entity}.${check.column}`;
    if (!details.has(field)) details.set(field, { field, message });
  }
  return validationFailed([...details.values()]);
}
