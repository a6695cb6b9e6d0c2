import { operationNotAllowed } from "../../errors/api-errors.ts";
import type { Access, Operation } from "../../model/access.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { doesDeleteTell } from "../../model/holders.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { type Visible, visibleTo } from "../rules/visible.ts";
import type { QueryTarget } from "./target.ts";

/** The entity of a request: as the caller knows it, and as it is stored. */
export interface RecordTarget extends QueryTarget {
  readonly visible: Visible;
  /** Including the fields that are hidden from the caller. */
  readonly stored: { readonly catalog: Catalog; readonly entity: Entity };
}

/**
 * Finds the entity of a name for an operation. For a key with scopes, an entity that does not exist looks like one that
 * it may not use. A key may not delete records if it cannot read everything that could block the delete or a cascade,
 * because the error would reveal it. Throws FORBIDDEN, NOT_FOUND.
 */
export function targetIn(
  { catalog, access, asOf }: Pick<PlanningView, "catalog" | "access" | "asOf">,
  name: string,
  operations: readonly Operation[],
): RecordTarget {
  const entity = catalog.entities.get(name);
  const visible = visibleTo(catalog, access, asOf);
  for (const operation of access.isWhole ? [] : operations) {
    const isTelling = operation === "delete" && entity && doesDeleteTell(catalog, entity, visible.isWhole);
    if (!entity || !access.isAllowed(operation, entity) || isTelling)
      throw operationNotAllowed(operation, name, {
        who: access.who,
        known: othersAllowed(catalog, access, { name, operation }),
      });
  }
  const stored = { catalog, entity: entityNamed(catalog, name) };
  return {
    catalog: visible.catalog,
    entity: entityNamed(visible.catalog, name),
    scope: visible.scope,
    visible,
    stored,
  };
}

const othersAllowed = (
  { entities }: Catalog,
  access: Access,
  { name, operation }: { readonly name: string; readonly operation: Operation },
) =>
  [...entities.values()]
    .filter((entity) => entity.name !== name && access.isAllowed(operation, entity))
    .map((entity) => entity.name);
