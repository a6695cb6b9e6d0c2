import { operationNotAllowed } from "../../errors/failures.ts";
import { canReadIn, type Operation } from "../../model/access.ts";
import { getEntity } from "../../model/catalog.ts";
import { doesDeleteTell } from "../../model/holders.ts";
import type { PlanningView } from "../../model/workspace.ts";
import type { QueryTarget } from "./target.ts";

/**
 * The entity of a name, for what the caller wants to do with it. To a key with scopes, an entity that does not exist is
 * like one that it may not use. A key cannot delete records if it may not read the entities that can hold them, or that a
 * delete would cascade to: the refusal would tell what is there. Throws FORBIDDEN, NOT_FOUND.
 */
export function targetIn(
  { catalog, access }: Pick<PlanningView, "catalog" | "access">,
  name: string,
  operations: readonly Operation[],
): QueryTarget {
  const entity = catalog.entities.get(name);
  const canRead = canReadIn(catalog, access);
  for (const operation of access.isWhole ? [] : operations) {
    const isTelling = operation === "delete" && entity && doesDeleteTell(catalog, entity, canRead);
    if (!entity || !access.isAllowed(operation, entity) || isTelling)
      throw operationNotAllowed(operation, name);
  }
  return { catalog, entity: getEntity(catalog, name), scope: { canRead, rowsOf: () => null } };
}
