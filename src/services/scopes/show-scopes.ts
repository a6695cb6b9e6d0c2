import type { ApiKeyScope } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { fieldName, treeWithNames } from "../../query/rules/rule-names.ts";
import { type ShownScope, showPreset } from "./scope-schema.ts";

/** Shows scopes with current names. Those of deleted entities allow nothing and are not shown. */
export function showScopes(catalog: Catalog, scopes: readonly ApiKeyScope[]): readonly ShownScope[] {
  const byId = new Map([...catalog.entities.values()].map((entity) => [entity.id, entity]));
  return scopes.flatMap((scope) => {
    const entity = byId.get(scope.entityId);
    return entity ? [showScope(catalog, entity, scope)] : [];
  });
}

/** A rule that names something deleted matches nothing. */
function showScope(catalog: Catalog, entity: Entity, scope: ApiKeyScope): ShownScope {
  const { operations, filter, check, fields, writableFields, presets } = scope;
  const treeOf = (tree: JsonObject) => treeWithNames(catalog, entity, tree) ?? tree;
  const namesOf = (ids: readonly string[]) => ids.flatMap((id) => fieldName(entity, id) ?? []);
  const named = Object.entries(presets ?? {}).flatMap(([id, preset]) => {
    const name = fieldName(entity, id);
    return name === undefined ? [] : [[name, showPreset(preset)] as const];
  });
  return {
    entity: entity.name,
    operations,
    ...(filter && { filter: treeOf(filter) }),
    ...(check && { check: treeOf(check) }),
    ...(fields && { fields: namesOf(fields) }),
    ...(writableFields && { writableFields: namesOf(writableFields) }),
    ...(presets && { presets: Object.fromEntries(named) }),
  };
}
