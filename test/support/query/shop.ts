import type { Catalog } from "../../../src/model/catalog.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { planList } from "../../../src/query/plan/plan-list.ts";
import { type QueryTarget, READ_EVERYTHING, type ReadScope } from "../../../src/query/plan/target.ts";
import { compileList } from "../../../src/query/sql/page/compile-list.ts";

export { shopCatalog } from "../shop-catalog.ts";

export function entityOf(catalog: Catalog, name: string): Entity {
  const entity = catalog.entities.get(name);
  if (!entity) throw new Error(`no ${name}`);
  return entity;
}

export function targetIn(catalog: Catalog, name: string, scope: ReadScope = READ_EVERYTHING): QueryTarget {
  return { catalog, entity: entityOf(catalog, name), scope };
}

export const compileListOf = (target: QueryTarget, query: string) =>
  compileList(planList(target, new URLSearchParams(query)));
