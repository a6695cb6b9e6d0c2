import type { Column } from "../../model/column.ts";
import { addColumn, deleteColumn, updateColumn } from "../../services/entities/change-column.ts";
import { createEntity } from "../../services/entities/create-entity.ts";
import { deleteEntity } from "../../services/entities/delete-entity.ts";
import {
  columnPatchSchema,
  columnSchema,
  entityDefinitionSchema,
} from "../../services/entities/entity-definition-schema.ts";
import type { EntityDto } from "../../services/entities/entity-dto.ts";
import { getEntity } from "../../services/entities/get-entity.ts";
import { listEntities } from "../../services/entities/list-entities.ts";
import { updateEntity, updateEntitySchema } from "../../services/entities/update-entity.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { bodySchema, completedSchema } from "./components.ts";
import { columnInPath, entityInPath, WORKSPACE } from "./paths.ts";

const ColumnInput = bodySchema("ColumnInput", columnSchema);
const ColumnPatch = bodySchema("ColumnPatch", columnPatchSchema);
const EntityInput = bodySchema("EntityInput", entityDefinitionSchema);
const EntityPatch = bodySchema("EntityPatch", updateEntitySchema);
export const Entity = completedSchema<EntityDto>("Entity", "EntityInput", [
  "id",
  "name",
  "tableName",
  "idType",
  "columns",
  "constraints",
  "relationships",
  "settings",
]);
const ColumnAnswer = completedSchema<Column>("Column", "ColumnInput", [
  "id",
  "name",
  "columnName",
  "type",
  "nullable",
  "unique",
  "indexed",
  "constraints",
]);

/** Definitions are parsed behind the fence, so errors of key and access mode come first. */
export const entities: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/entities`,
    tag: "Entities",
    GET: page({
      id: "listEntities",
      summary: "List entities",
      role: "VIEWER",
      answer: Entity,
      handle: (c, request) => listEntities(workspaceContext(c), request),
    }),
    POST: created({
      id: "createEntity",
      summary: "Define an entity",
      role: "EDITOR",
      body: EntityInput,
      answer: Entity,
      handle: (c, { body }) => createEntity(workspaceContext(c), body),
    }),
  },
  {
    path: `${WORKSPACE}/entities/:entity`,
    tag: "Entities",
    GET: one({
      id: "getEntity",
      summary: "Get an entity's definition",
      role: "VIEWER",
      answer: Entity,
      handle: (c) => getEntity(workspaceContext(c), entityInPath(c)),
    }),
    PATCH: one({
      id: "updateEntity",
      summary: "Change an entity",
      role: "EDITOR",
      body: EntityPatch,
      answer: Entity,
      handle: (c, { body }) => updateEntity(workspaceContext(c), { entity: entityInPath(c), body }),
    }),
    DELETE: none({
      id: "deleteEntity",
      summary: "Drop an entity with all of its records",
      role: "EDITOR",
      query: ["confirm"],
      handle: (c, { query }) =>
        deleteEntity(workspaceContext(c), { entity: entityInPath(c), confirm: query.get("confirm") }),
    }),
  },
  {
    path: `${WORKSPACE}/entities/:entity/columns`,
    tag: "Entities",
    POST: created({
      id: "addColumn",
      summary: "Add a column",
      role: "EDITOR",
      body: ColumnInput,
      answer: ColumnAnswer,
      handle: (c, { body }) => addColumn(workspaceContext(c), { entity: entityInPath(c), body }),
    }),
  },
  {
    path: `${WORKSPACE}/entities/:entity/columns/:column`,
    tag: "Entities",
    PATCH: one({
      id: "updateColumn",
      summary: "Change a column",
      role: "EDITOR",
      body: ColumnPatch,
      answer: ColumnAnswer,
      handle: (c, { body }) => updateColumn(workspaceContext(c), { ...columnInPath(c), body }),
    }),
    DELETE: none({
      id: "deleteColumn",
      summary: "Drop a column with its data",
      role: "EDITOR",
      query: ["confirm"],
      handle: (c, { query }) =>
        deleteColumn(workspaceContext(c), { ...columnInPath(c), confirm: query.get("confirm") }),
    }),
  },
];
