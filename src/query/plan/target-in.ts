import { operationNotAllowed } from "../../errors/failures.ts";
import type { Operation } from "../../model/access.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { doesDeleteTell } from "../../model/holders.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { type Visible, visibleTo } from "../rules/visible.ts";
import type { QueryTarget } from "./target.ts";

/** The entity of a request: as it is known to the caller, and as it is stored. */
export interface RecordTarget extends QueryTarget {
  readonly visible: Visible;
  /** With the fields that are hidden from the caller. */
  readonly stored: { readonly catalog: Catalog; readonly entity: Entity };
}

/**
 * The entity of a name, for what the caller wants to do with it. To a key with scopes, an entity that does not exist is
 * like one that it may not use. A key cannot delete records if it may not read all that can hold them, or that a delete
 * would cascade to: the refusal would tell what is there. Throws FORBIDDEN, NOT_FOUND.
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
      throw operationNotAllowed(operation, name, access.who);
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
