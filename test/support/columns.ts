import { buildCatalog, entityNamed } from "../../src/model/catalog.ts";
import type { Column } from "../../src/model/column.ts";
import type { Entity } from "../../src/model/entity.ts";
import { completeColumn, completeDefinition } from "../../src/services/entities/complete-definition.ts";
import {
  columnSchema,
  entityDefinitionSchema,
} from "../../src/services/entities/entity-definition-schema.ts";

/** A column as the admin API would complete it. */
export function columnOf(definition: object): Column {
  return completeColumn(columnSchema.parse({ name: "field", ...definition }), "col_test", () => undefined);
}

/** An entity as requests would see it, without a database. */
export function entityOf(definition: object): Entity {
  const completed = completeDefinition(entityDefinitionSchema.parse(definition), undefined, () => undefined);
  const facts = { workspaceId: 1, organization: "o", workspace: "w", schemaVersion: 1, maxExpandDepth: null };
  return entityNamed(buildCatalog({ ...facts, definitions: [completed] }), completed.name);
}
