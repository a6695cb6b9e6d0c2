import type { Catalog } from "../model/catalog.ts";
import type { Column } from "../model/column.ts";
import {
  constraintFields,
  type Entity,
  type EntityConstraint,
  type EntityDefinition,
} from "../model/entity.ts";
import type { SchemaChange } from "../model/schema-change.ts";
import {
  checksOfColumn,
  checksOfConstraint,
  checksOfEntityConstraint,
  checksOfIndexes,
  type DataCheck,
  type ExistingPair,
  isExisting,
} from "./data-checks.ts";
import { ownIndexesOf } from "./indexes.ts";
import type { ColumnPair, EntityPair, SchemaPair } from "./pair-schemas.ts";
import { changesValues } from "./stored-values.ts";

/** A difference, and the checks of existing data that it needs. */
export interface PlannedChange {
  readonly change: SchemaChange;
  readonly checks: readonly DataCheck[];
}

/** All differences of two schemas, in the order of the new one, dropped things last. Empty if they are equal. */
export function planChanges(schema: SchemaPair): readonly PlannedChange[] {
  return schema.entities.flatMap((pair) => {
    if (isExisting(pair)) return changesOfEntity(schema, pair);
    return pair.after
      ? [safe({ kind: "ADD_ENTITY", entity: pair.after.name })]
      : [lossy({ kind: "DROP_ENTITY", entity: pair.before?.name ?? "" })];
  });
}

const safe = (change: Omit<SchemaChange, "risk">, checks: readonly DataCheck[] = []): PlannedChange => ({
  change: { ...change, risk: "SAFE" },
  checks,
});

const lossy = (change: Omit<SchemaChange, "risk">): PlannedChange => ({
  change: { ...change, risk: "LOSSY" },
  checks: [],
});

function changesOfEntity(schema: SchemaPair, pair: ExistingPair): readonly PlannedChange[] {
  const { before, after } = pair;
  const entity = after.name;
  const isRenamed = before.name !== after.name || before.tableName !== after.tableName;
  const settings = changedSettings(schema, pair);
  return [
    ...(isRenamed ? [safe({ kind: "RENAME_ENTITY", entity, from: before.name })] : []),
    ...pair.columns.flatMap((column) => changesOfColumn(schema, pair, column)),
    ...changesOfEntityConstraints(pair),
    ...changesOfIndexes(pair),
    ...(settings.length > 0 ? [safe({ kind: "CHANGE_SETTINGS", entity, properties: settings })] : []),
  ];
}

function changesOfColumn(
  schema: SchemaPair,
  pair: ExistingPair,
  change: ColumnPair,
): readonly PlannedChange[] {
  const { before, after } = change;
  const entity = pair.after.name;
  if (!after) return [lossy({ kind: "DROP_COLUMN", entity, column: before?.name ?? "" })];
  const column = after.name;
  const checks = [...checksOfColumn(schema, pair, { before, after })];
  if (!before) return [safe({ kind: "ADD_COLUMN", entity, column }, checks)];
  const isRenamed = before.name !== after.name || before.columnName !== after.columnName;
  const properties = changedProperties(schema, before, after);
  const added = after.constraints.filter(isMissingIn(before.constraints));
  const dropped = before.constraints.filter(isMissingIn(after.constraints));
  if (before.type !== after.type || changesValues({ before, after }))
    checks.push(...checksOfKeptConstraints(pair, after));
  return [
    ...(isRenamed ? [safe({ kind: "RENAME_COLUMN", entity, column, from: before.name })] : []),
    ...(properties.length > 0 ? [safe({ kind: "ALTER_COLUMN", entity, column, properties }, checks)] : []),
    ...dropped.map(({ type }) => safe({ kind: "DROP_CONSTRAINT", entity, column, constraint: type })),
    ...added.map((constraint) => {
      const checksOfRule = checksOfConstraint(pair, after, constraint);
      return safe({ kind: "ADD_CONSTRAINT", entity, column, constraint: constraint.type }, checksOfRule);
    }),
  ];
}

const PROPERTIES = [
  "type",
  "length",
  "precision",
  "scale",
  "values",
  "generated",
  "autoSet",
  "nullable",
  "unique",
  "indexed",
  "default",
  "description",
  "previousNames",
] as const;

function changedProperties(schema: SchemaPair, before: Column, after: Column): readonly string[] {
  const changed: string[] = PROPERTIES.filter((name) => !isSame(before[name], after[name]));
  const referenceIn = (catalog: Catalog, { references }: Column) =>
    references && { ...references, entity: catalog.entities.get(references.entity)?.id };
  const isReferenceSame = isSame(referenceIn(schema.before, before), referenceIn(schema.after, after));
  return isReferenceSame ? changed : [...changed, "references"];
}

function changesOfEntityConstraints(pair: ExistingPair): readonly PlannedChange[] {
  const { before, after } = pair;
  const entity = after.name;
  const isIn = isConstraintOf(before);
  const isStill = isConstraintOf(after);
  const dropped = before.constraints.filter((constraint) => !isStill(before, constraint));
  const added = after.constraints.filter((constraint) => !isIn(after, constraint));
  return [
    ...dropped.map(({ type }) => safe({ kind: "DROP_CONSTRAINT", entity, constraint: type })),
    ...added.map((constraint) => {
      const checks = checksOfEntityConstraint(pair, constraint);
      return safe({ kind: "ADD_CONSTRAINT", entity, constraint: constraint.type }, checks);
    }),
  ];
}

/** Compares indexes by the ids of their columns, so that a rename is not a difference. */
function changesOfIndexes(pair: ExistingPair): readonly PlannedChange[] {
  const namesOf = (entity: Entity) => ownIndexesOf(entity).map(({ name }) => name);
  const checks = checksOfIndexes(pair);
  if (checks.length === 0 && isSame(namesOf(pair.before), namesOf(pair.after))) return [];
  return [safe({ kind: "CHANGE_SETTINGS", entity: pair.after.name, properties: ["indexes"] }, checks)];
}

/** Rules that stay, over a column whose values change; another type may also compare differently. */
function checksOfKeptConstraints({ before, after, ...pair }: ExistingPair, { name }: Column) {
  const isKept = isConstraintOf(before);
  return after.constraints
    .filter((constraint) => constraintFields(constraint).includes(name) && isKept(after, constraint))
    .flatMap((constraint) => checksOfEntityConstraint({ ...pair, before, after }, constraint));
}

function isConstraintOf(other: Entity) {
  const known = new Set(other.constraints.map((constraint) => byColumnIds(other, constraint)));
  return (entity: Entity, constraint: EntityConstraint) => known.has(byColumnIds(entity, constraint));
}

/** The constraint as text with stable ids instead of names, so that a rename is not a difference. */
function byColumnIds(entity: Entity, constraint: EntityConstraint): string {
  const ids = constraintFields(constraint).map((field) => entity.columnByName.get(field)?.id);
  const equals = constraint.type === "CONDITIONAL_REQUIRED" ? constraint.when.equals : null;
  const message = constraint.type === "UNIQUE_COMPOSITE" ? null : constraint.message;
  return JSON.stringify([constraint.type, ids, equals, message]);
}

function changedSettings(schema: SchemaPair, pair: ExistingPair): readonly string[] {
  const { before, after } = pair;
  const settings = Object.keys(after.settings) as (keyof Entity["settings"])[];
  const changed: string[] = settings.filter((name) => !isSame(before.settings[name], after.settings[name]));
  for (const name of ["description", "previousNames"] as const)
    if (!isSame(before[name], after[name])) changed.push(name);
  const relationshipsIn = (catalog: Catalog, { relationships }: EntityDefinition) =>
    relationships.map(({ name, through, source, target, description }) => {
      const join = catalog.entities.get(through);
      return [
        name,
        join?.id,
        join?.columnByName.get(source)?.id,
        join?.columnByName.get(target)?.id,
        description,
      ];
    });
  if (
    !isSame(
      relationshipsIn(schema.before, before.definition),
      relationshipsIn(schema.after, after.definition),
    )
  ) {
    changed.push("relationships");
  }
  if (isReordered(pair.columns, (item) => before.definition.columns.findIndex(({ id }) => id === item)))
    changed.push("columns");
  const positions = [...schema.before.entities.values()].map(({ id }) => id);
  if (isMoved(schema.entities, pair, positions)) changed.push("position");
  return changed;
}

type Identified = { readonly before: { readonly id: string } | undefined; readonly after: unknown };

/** Whether the remaining things are in another order. */
function isReordered(pairs: readonly Identified[], positionOf: (id: string) => number): boolean {
  const positions = pairs.flatMap(({ before, after }) => (before && after ? [positionOf(before.id)] : []));
  return positions.some((position, i) => i > 0 && position < (positions[i - 1] ?? 0));
}

/** Whether the entity now comes after one that it came before. */
function isMoved(all: readonly EntityPair[], pair: ExistingPair, old: readonly string[]): boolean {
  const staying = all.filter(isExisting).map(({ before }) => before.id);
  const before = old.filter((id) => staying.includes(id));
  return before.indexOf(pair.before.id) !== staying.indexOf(pair.before.id);
}

const isSame = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);

function isMissingIn<T>(others: readonly T[]): (item: T) => boolean {
  const known = new Set(others.map((other) => JSON.stringify(other)));
  return (item) => !known.has(JSON.stringify(item));
}
