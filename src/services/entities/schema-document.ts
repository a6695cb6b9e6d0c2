import * as z from "zod/v4";
import { schemaHasChanged, schemaMigrationInProgress, validationFailed } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { changeSchema } from "./change-schema.ts";
import { completeDefinition, matchExisting } from "./complete-definition.ts";
import { definitionsOf } from "./definitions-of.ts";
import { type SchemaDocumentInput, schemaDocumentSchema } from "./entity-definition-schema.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";
import { type Ask, findDataProblems } from "./find-data-problems.ts";
import { changesOf, dataChecksOf, planSchema, type SchemaEdit } from "./plan-schema.ts";
import { schemaChangeSchema } from "./schema-change-schema.ts";

export interface SchemaDocument {
  /** The deployment that issued the ids. */
  readonly deployment: string;
  readonly version: number;
  readonly entities: readonly EntityDto[];
}

export const schemaChangesSchema = z.strictObject({
  /** Returns the current schema. */
  version: countSchema,
  changes: z.array(schemaChangeSchema),
});
export type SchemaChanges = Dto<typeof schemaChangesSchema>;

export interface PutSchemaInput {
  readonly body: () => unknown;
  /** Only reports the changes. */
  readonly isDryRun: boolean;
  readonly allowsLoss: boolean;
  /** The version that the schema must have. */
  readonly isExpected: (version: number) => boolean;
}

export async function getSchema(ctx: WorkspaceContext): Promise<SchemaDocument> {
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace, catalog, deployment }) {
      const entities = definitionsOf(catalog).map(toEntityDto);
      const { schemaVersion: version } = workspace;
      return { kind: "READ", statements: [], shape: () => ({ deployment, version, entities }) };
    },
  });
}

/**
 * Changes the schema to the document, all of it or nothing. Parts that are equal stay untouched. Throws
 * WORKSPACE_STATUS, VALIDATION_ERROR, PRECONDITION_FAILED, SCHEMA_MIGRATION_IN_PROGRESS.
 */
export async function putSchema(ctx: WorkspaceContext, input: PutSchemaInput): Promise<SchemaChanges> {
  const edit = (view: WorkspaceView): SchemaEdit => {
    const document = parseInput(schemaDocumentSchema, input.body());
    if (!input.isExpected(view.workspace.schemaVersion)) throw schemaHasChanged();
    return {
      definitions: completeDocument(withOwnIds(document, view.deployment), view.catalog),
      allowsLoss: input.allowsLoss,
    };
  };
  if (input.isDryRun) return previewSchema(ctx, edit);
  const { version, changes } = await changeSchema(ctx, edit);
  return { version, changes };
}

/** Returns the changes that the document would make, and the records that conflict with them. Changes nothing. */
async function previewSchema(
  ctx: WorkspaceContext,
  edit: (view: WorkspaceView) => SchemaEdit,
): Promise<SchemaChanges> {
  const plan = await runFenced(ctx, {
    need: "READ",
    plan(view) {
      const planned = planSchema(view, edit(view));
      return { kind: "READ", statements: [], shape: () => planned };
    },
  });
  const ask: Ask = (statements) =>
    runFenced(ctx, {
      need: "READ",
      plan({ workspace }) {
        if (workspace.schemaVersion !== plan.version) throw schemaMigrationInProgress();
        return { kind: "READ", statements, shape: (results) => results };
      },
    });
  const problems = await findDataProblems(dataChecksOf(plan), { ask, now: ctx.now });
  return { version: plan.version, changes: changesOf(plan, problems) };
}

/** The document without ids of another deployment, which could name other things here. */
function withOwnIds(document: SchemaDocumentInput, deployment: string): SchemaDocumentInput {
  if (document.deployment === undefined || document.deployment === deployment) return document;
  const entities = document.entities.map(({ id: _, columns, ...entity }) => {
    return { ...entity, columns: columns.map(({ id: _id, ...column }) => column) };
  });
  return { ...document, entities };
}

function completeDocument({ entities }: SchemaDocumentInput, catalog: Catalog) {
  const idTypes = new Map(entities.map(({ name, idType }) => [name, idType]));
  const known = matchExisting(entities, definitionsOf(catalog));
  requireDistinct(known, (i) => `entities[${i}].id`);
  return entities.map((input, i) => {
    const before = known[i];
    if (before && before.idType !== input.idType) {
      throw validationFailed([{ field: `entities[${i}].idType`, message: "cannot be changed" }]);
    }
    requireDistinct(
      matchExisting(input.columns, before?.columns ?? []),
      (c) => `entities[${i}].columns[${c}].id`,
    );
    return completeDefinition(input, before, (name) => idTypes.get(name));
  });
}

/** Two parts of a document cannot be the same thing. */
function requireDistinct(
  matches: readonly ({ readonly id: string } | undefined)[],
  pathOf: (index: number) => string,
): void {
  const ids = matches.map((match) => match?.id);
  const repeated = ids.findIndex((id, i) => id !== undefined && ids.indexOf(id) < i);
  if (repeated !== -1) {
    throw validationFailed([{ field: pathOf(repeated), message: `'${ids[repeated]}' is already taken` }]);
  }
}
