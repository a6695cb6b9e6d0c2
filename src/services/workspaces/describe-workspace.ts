import { runFenced } from "../../fence/run-fenced.ts";
import { canFollow, OPERATIONS } from "../../model/access.ts";
import type { AccessMode } from "../../model/access-mode.ts";
import { idColumnOf } from "../../model/catalog.ts";
import type { Entity, EntityDefinition, Relationship } from "../../model/entity.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { type Visible, visibleTo } from "../../query/rules/visible.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";

export interface WorkspaceDescription {
  readonly organization: string;
  readonly workspace: string;
  readonly accessMode: AccessMode;
  readonly schemaVersion: number;
  readonly entities: readonly EntityDescription[];
}

/** An entity as the holder of a key sees it: what they can query and send, not how it is stored. */
export interface EntityDescription {
  readonly name: string;
  readonly description?: string | undefined;
  readonly columns: readonly unknown[];
  readonly relationships: readonly {
    readonly name: string;
    readonly kind: Relationship["kind"];
    readonly entity: string;
    readonly description?: string | undefined;
  }[];
  readonly constraints: EntityDefinition["constraints"];
}

/** Describes the addressed workspace to the holder of any valid key. */
export async function describeWorkspace(
  ctx: WorkspaceContext,
  { query }: RequestQuery,
): Promise<WorkspaceDescription> {
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace, catalog, access, asOf }) {
      rejectUnknownParameters(query(), []);
      const { organization, slug, accessMode, schemaVersion } = workspace;
      const visible = visibleTo(catalog, access, asOf);
      const entities = [...visible.catalog.entities.values()]
        .filter((entity) => OPERATIONS.some((operation) => access.isAllowed(operation, entity)))
        .map((entity) => describeEntity(entity, visible));
      return {
        kind: "READ",
        statements: [],
        shape: () => ({ organization, workspace: slug, accessMode, schemaVersion, entities }),
      };
    },
  });
}

/** Says nothing about unreadable entities: a reference to one is a column that cannot be written. */
function describeEntity(
  { definition, relationships }: Entity,
  { scope: { canRead }, fieldsOf }: Visible,
): EntityDescription {
  const { isWritable, presets } = fieldsOf("create", definition.name);
  const columns = [idColumnOf(definition), ...definition.columns].map((column) => {
    const { id: _, columnName: _name, previousNames: _names, references, ...shown } = column;
    const isPlain = references === undefined || canRead(references.entity);
    const isReadOnly = !isPlain || presets?.has(column) || (column.name !== "id" && !isWritable(column));
    return {
      ...shown,
      ...(references && isPlain && { references }),
      ...(isReadOnly && { readOnly: true }),
    };
  });
  const related = [...relationships.values()]
    .filter((each) => canFollow(each, canRead))
    .map((each) => {
      const { name, kind, target: entity } = each;
      return { name, kind, entity, ...("description" in each && { description: each.description }) };
    });
  const { name, description, constraints } = definition;
  return { name, description, columns, relationships: related, constraints };
}
