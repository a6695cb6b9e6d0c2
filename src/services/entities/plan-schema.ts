import { pairSchemas, type SchemaPair } from "../../ddl/pair-schemas.ts";
import { type PlannedChange, planChanges } from "../../ddl/plan-changes.ts";
import { badRequest, entityTooLarge, validationFailed } from "../../errors/api-errors.ts";
import type { Detail } from "../../errors/app-error.ts";
import { buildCatalog } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import { MAX_ENTITIES, MAX_REFERENCES } from "../../model/names.ts";
import type { SchemaChange } from "../../model/schema-change.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { checkSchema } from "./check-schema.ts";
import type { DataProblem } from "./find-data-problems.ts";

/** The schema that a request asks for. */
export interface SchemaEdit {
  /** All definitions of the workspace, in order. */
  readonly definitions: readonly EntityDefinition[];
  /** The entity of the request; absent for the whole document. */
  readonly subject?: EntityDefinition;
  /** Whether the request allows destroying data. */
  readonly allowsLoss?: boolean;
}

/** A planned schema change, pure: the old schema, the new schema, and the differences. */
export interface SchemaPlan<E extends SchemaEdit = SchemaEdit> {
  readonly workspaceId: number;
  /** The schema version that it is based on. */
  readonly version: number;
  readonly edit: E;
  readonly schema: SchemaPair;
  readonly planned: readonly PlannedChange[];
}

/** Throws BAD_REQUEST, and VALIDATION_ERROR with the problems of the definitions. */
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
  requireStorable(definitions);
  const subjects = new Set((subject ? [subject] : definitions).map(({ id }) => id));
  const problems = checkSchema(catalog, { definitions, subjects });
  if (problems.length > 0) {
    throw validationFailed(
      problems.map(({ entityId, ...detail }) => ({
        ...detail,
        field: pathTo(edit, entityId) + detail.field,
      })),
    );
  }
  const schema = pairSchemas(catalog, buildCatalog({ ...catalog, definitions }));
  const { id: workspaceId, schemaVersion: version } = workspace;
  return { workspaceId, version, edit, schema, planned: planChanges(schema) };
}

/** A row of the database has at most 5 MB. */
const MAX_DEFINITION_BYTES = 4_500_000;
const LONGEST_CHARACTER_BYTES = 3;
const encoder = new TextEncoder();

function requireStorable(definitions: readonly EntityDefinition[]): void {
  const large = definitions.find((definition) => {
    const text = JSON.stringify(definition);
    return (
      LONGEST_CHARACTER_BYTES * text.length > MAX_DEFINITION_BYTES &&
      encoder.encode(text).length > MAX_DEFINITION_BYTES
    );
  });
  if (large) throw entityTooLarge(large.name);
}

/** The prefix of a path: `entities[2].` in a document, nothing for the request's own entity, the name for another. */
function pathTo({ definitions, subject }: SchemaEdit, entityId: string): string {
  const index = definitions.findIndex(({ id }) => id === entityId);
  if (!subject) return `entities[${index}].`;
  return entityId === subject.id ? "" : `${definitions[index]?.name}.`;
}

export const dataChecksOf = ({ planned }: SchemaPlan) => planned.flatMap(({ checks }) => checks);

/** The changes as responses show them. Those that conflict with existing data are BLOCKED. */
export function changesOf({ planned }: SchemaPlan, problems: readonly DataProblem[] = []) {
  return planned.map(({ change, checks }): SchemaChange => {
    const reasons = problems.filter(({ check }) => checks.includes(check)).map(({ message }) => message);
    return reasons.length === 0 ? change : { ...change, risk: "BLOCKED", reason: reasons.join("; ") };
  });
}

/** Throws VALIDATION_ERROR if the plan destroys data and the request does not allow it. */
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

/** One detail for each column that existing records conflict with, with its first problem. */
export function conflictError({ edit }: SchemaPlan, problems: readonly DataProblem[]) {
  const details = new Map<string, Detail>();
  for (const { check, message } of problems) {
    const field = edit.subject ? check.column : `${check.entity}.${check.column}`;
    if (!details.has(field)) details.set(field, { field, message });
  }
  return validationFailed([...details.values()]);
}
