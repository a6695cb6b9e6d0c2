import { type Access, canFollow, canReadIn, OPERATIONS, type Operation } from "../model/access.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Column } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import { doesDeleteTell } from "../model/holders.ts";

/** An entity as far as the holder of a key may know it. */
export interface VisibleEntity
  extends Pick<Entity, "name" | "columns" | "relationships" | "constraints" | "settings"> {
  readonly operations: readonly Operation[];
  /** Columns that nobody with this access may write: what the server sets, and references to what may not be read. */
  readonly readOnly: ReadonlySet<Column>;
}

/** What rules narrow beyond the access to whole entities. */
export interface Narrowing {
  /** With hidden fields. */
  readonly stored: Catalog;
  /** Whether every record of an entity may be read, and this column of it. */
  isWhole(entityName: string, column: Column): boolean;
  isReadOnly(entityName: string, column: Column): boolean;
}

/** Entities with which something may be done, without the relationships to what may not be read. */
export function visibleEntitiesOf(
  catalog: Catalog,
  access: Access,
  narrowing?: Narrowing,
): readonly VisibleEntity[] {
  const canRead = canReadIn(catalog, access);
  const { stored, isWhole, isReadOnly } = narrowing ?? {
    stored: catalog,
    isWhole: canRead,
    isReadOnly: () => false,
  };
  return [...catalog.entities.values()].flatMap((entity) => {
    const isTelling = !access.isWhole && doesDeleteTell(stored, entity, isWhole);
    const operations = OPERATIONS.filter(
      (operation) => access.isAllowed(operation, entity) && !(operation === "delete" && isTelling),
    );
    if (operations.length === 0) return [];
    const { name, columns, constraints, settings } = entity;
    const related = [...entity.relationships].filter(([, each]) => canFollow(each, canRead));
    const readOnly = new Set(
      columns.filter((column) => {
        const { autoSet, references } = column;
        if (column.name === "id") return !canRead(name);
        return autoSet || isReadOnly(name, column) || (references && !canRead(references.entity));
      }),
    );
    const visible = { name, columns, constraints, settings, operations, readOnly };
    return [{ ...visible, relationships: new Map(related) }];
  });
}

export const idColumn = ({ columns: [id] }: VisibleEntity): Column | undefined => id;
