import { type Access, canFollow, canReadIn, OPERATIONS, type Operation } from "../model/access.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Column } from "../model/column.ts";
import type { Entity, Relationship } from "../model/entity.ts";
import { doesDeleteTell } from "../model/holders.ts";
import { uniqueRulesOf } from "../model/unique-rules.ts";

/** The part of an entity that the holder of a key may know. */
export interface VisibleEntity
  extends Pick<Entity, "name" | "description" | "columns" | "constraints" | "settings"> {
  /**
   * The entity's name in component names and operation ids. It differs from the real name only if two names differ only
   * by case.
   */
  readonly component: string;
  readonly relationships: ReadonlyMap<string, VisibleRelationship>;
  readonly operations: readonly Operation[];
  /** Unique columns that can name a record in a path. */
  readonly keys: readonly VisibleKey[];
  /**
   * Columns that nobody with this access may write: those that the server sets, and references to unreadable entities.
   */
  readonly readOnly: ReadonlySet<Column>;
}

export interface VisibleKey {
  readonly column: Column;
  /** A name for component names and operation ids, such as `CustomerByEmail`, that no entity has. */
  readonly component: string;
}

/** Limits of rules beyond the access to whole entities. */
export interface Narrowing {
  /** Including hidden fields. */
  readonly stored: Catalog;
  /** Whether all records of an entity may be read, and this column of them. */
  isWhole(entityName: string, column: Column): boolean;
  isReadOnly(entityName: string, column: Column): boolean;
}

export type VisibleRelationship = Relationship & {
  /** The component name of its target. */
  readonly component: string;
  /** The unique rules by which a reference can name a record of the target. */
  readonly uniqueRules: readonly (readonly Column[])[];
  /** What a create takes under its name: records without the column of their parent, or links to records. */
  readonly nested: NestedForm | null;
};

export type NestedForm =
  | { readonly kind: "RECORDS"; readonly component: string; readonly without: Column }
  | { readonly kind: "LINKS"; readonly column: Column };

/** The entities that the caller may use at all, without relationships to unreadable ones. */
export function visibleEntitiesOf(
  catalog: Catalog,
  access: Access,
  narrowing?: Narrowing,
): readonly VisibleEntity[] {
  const canRead = canReadIn(catalog, access);
  const limits = narrowing ?? { stored: catalog, isWhole: canRead, isReadOnly: () => false };
  const usable = usableEntitiesOf(catalog, access, limits);
  const components = uniqueNames(usable.map(({ entity }) => entity.name));
  const componentOf = (name: string) => components.get(name) ?? name;
  const isReadOnly = (name: string, column: Column) =>
    column.name === "id" ? !canRead(name) : isSetByServer(column, canRead) || limits.isReadOnly(name, column);
  const forms: Forms = {
    componentOf,
    canCreateWith(name, ...required) {
      const entity = catalog.entities.get(name);
      const isAllowed = entity !== undefined && access.isAllowed("create", entity);
      return isAllowed && !required.some((column) => isReadOnly(name, column));
    },
  };
  const taken = new Set([...components.values()].map((name) => name.toLowerCase()));
  return usable.map(({ entity, operations }) => {
    const { name, description, columns, constraints, settings } = entity;
    const component = componentOf(name);
    const keys = keysOf(entity, component, taken);
    const followed = [...entity.relationships].filter(([, each]) => canFollow(each, canRead));
    const relationships = new Map(
      followed.map(([way, each]) => [way, visibleRelationship(each, catalog, forms)]),
    );
    const readOnly = new Set(columns.filter((column) => isReadOnly(name, column)));
    const shown = { name, description, component, columns, keys, relationships, constraints, settings };
    return { ...shown, operations, readOnly };
  });
}

/** The entities with the operations that the caller may use. A delete that reveals unreadable records is not one. */
function usableEntitiesOf(catalog: Catalog, access: Access, { stored, isWhole }: Narrowing) {
  return [...catalog.entities.values()].flatMap((entity) => {
    const isTelling = !access.isWhole && doesDeleteTell(stored, entity, isWhole);
    const operations = OPERATIONS.filter(
      (operation) => access.isAllowed(operation, entity) && !(operation === "delete" && isTelling),
    );
    return operations.length === 0 ? [] : [{ entity, operations }];
  });
}

function keysOf(entity: Entity, component: string, taken: Set<string>): readonly VisibleKey[] {
  return uniqueRulesOf(entity).flatMap(([column, ...others]) =>
    column && others.length === 0
      ? [{ column, component: takeName(`${component}By${capitalized(column.name)}`, taken) }]
      : [],
  );
}

/** A reference to what may not be read cannot be written. */
const isSetByServer = ({ autoSet, references }: Column, canRead: (name: string) => boolean): boolean =>
  autoSet !== undefined || (references !== undefined && !canRead(references.entity));

interface Forms {
  componentOf(name: string): string;
  /** Whether records of an entity may be created with values of these columns. */
  canCreateWith(name: string, ...columns: readonly Column[]): boolean;
}

function visibleRelationship(each: Relationship, catalog: Catalog, forms: Forms): VisibleRelationship {
  const target = catalog.entities.get(each.target);
  const uniqueRules = target ? uniqueRulesOf(target) : [];
  return {
    ...each,
    component: forms.componentOf(each.target),
    uniqueRules,
    nested: nestedFormOf(each, forms),
  };
}

function nestedFormOf(each: Relationship, { componentOf, canCreateWith }: Forms): NestedForm | null {
  if (each.kind === "TO_ONE") return null;
  const { targetColumn: column } = each;
  if (each.kind === "MANY_TO_MANY")
    return canCreateWith(each.through, each.sourceColumn, column) ? { kind: "LINKS", column } : null;
  const component = componentOf(each.target);
  return canCreateWith(each.target, column) ? { kind: "RECORDS", component, without: column } : null;
}

export const idColumn = ({ columns: [id] }: VisibleEntity): Column | undefined => id;

export const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Takes the name, with a number if it equals a taken one in lower case. */
function takeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${name}_${count}`;
  taken.add(free.toLowerCase());
  return free;
}

/**
 * Maps each name to itself, or to the name with a number if it equals another name in lower case: `order`, `order_2`.
 */
export function uniqueNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  const made = [...names].sort().map((name) => {
    const lower = name.toLowerCase();
    if (!seen.has(lower)) {
      seen.add(lower);
      return [name, name] as const;
    }
    let count = 2;
    while (taken.has(`${lower}_${count}`)) count++;
    taken.add(`${lower}_${count}`);
    return [name, `${name}_${count}`] as const;
  });
  return new Map(made);
}
