import type { Column } from "../model/column.ts";
import { physicalTableName, quoteName } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import {
  alterColumn,
  columnDefinition,
  compileCreateEntity,
  dropTables,
  plainDefinition,
  untypedDefinition,
} from "./compile-entity.ts";
import { type ExistingPair, isExisting } from "./data-checks.ts";
import { type Index, indexesOf } from "./indexes.ts";
import type { ColumnPair, SchemaPair } from "./pair-schemas.ts";
import { statement } from "./sql-text.ts";
import { changesValues, newValueSql } from "./stored-values.ts";
import { triggerNamesOf, triggersOf } from "./triggers.ts";

/**
 * The statements that turn the tables of one schema into those of another, in one transaction. Tables are altered, not
 * rebuilt: DROP TABLE would fire ON DELETE CASCADE in their children.
 */
export function compileChange(schema: SchemaPair): readonly Statement[] {
  const { before, after, entities } = schema;
  const changed = entities.filter(isExisting).filter((pair) => isTableChanged(schema, pair));
  const dropped = [...before.entities.values()].filter((entity) => {
    return entities.some((pair) => pair.before === entity && !pair.after);
  });
  const added = entities.flatMap((pair) => (pair.after && !pair.before ? [pair.after] : []));
  return [
    ...dropTriggers(schema, changed),
    ...changed.flatMap((pair) => staleIndexes(pair).map(dropIndex)),
    ...changed.flatMap((pair) => looseReferences(schema, pair)),
    ...changed.flatMap(dropColumns),
    ...dropTables(dropped),
    ...renameTables(schema, changed),
    ...changed.flatMap(renameColumns),
    ...added.flatMap((entity) => compileCreateEntity(after, entity)),
    ...changed.flatMap((pair) => changeColumns(schema, pair)),
    ...changed.flatMap((pair) => missingIndexes(pair).map(({ create }) => create)),
    ...changed.flatMap(({ after: entity }) => triggersOf(entity).map(({ create }) => create)),
  ];
}

const dropIndex = ({ name }: Index) => statement(`DROP INDEX ${quoteName(name)}`);

/**
 * An old trigger may have the name that a trigger of another table needs, so that table's triggers are created again.
 */
function dropTriggers({ before }: SchemaPair, changed: readonly ExistingPair[]): readonly Statement[] {
  const own = new Set(changed.map((pair) => pair.before));
  const dropped = new Set([...own].flatMap(triggerNamesOf));
  const lost = [...before.entities.values()].filter((entity) => {
    return !own.has(entity) && triggerNamesOf(entity).some((name) => dropped.has(name));
  });
  const names = new Set([...dropped, ...lost.flatMap(triggerNamesOf)]);
  return [
    ...[...names].map((name) => statement(`DROP TRIGGER IF EXISTS ${quoteName(name)}`)),
    ...lost.flatMap(triggersOf).map(({ create }) => create),
  ];
}

const createdTexts = (made: readonly { readonly create: Statement }[]) =>
  made.map(({ create }) => create.sql).join();

function isTableChanged(schema: SchemaPair, { before, after, columns }: ExistingPair): boolean {
  return (
    before.physicalTable !== after.physicalTable ||
    createdTexts(triggersOf(before)) !== createdTexts(triggersOf(after)) ||
    createdTexts(indexesOf(before)) !== createdTexts(indexesOf(after)) ||
    columns.some((pair) => isColumnChanged(schema, pair))
  );
}

function isColumnChanged(schema: SchemaPair, pair: ColumnPair): boolean {
  const { before, after } = pair;
  if (!before || !after || before.columnName !== after.columnName) return true;
  return changesValues(pair) || isRedefined(schema, before, after);
}

/** Whether the table's definition of the column changes, apart from names. */
function isRedefined(schema: SchemaPair, before: Column, after: Column): boolean {
  const ruleOf = (column: Column, targetId: string | undefined) =>
    [
      plainDefinition({ ...column, columnName: "" }),
      column.nullable,
      targetId,
      column.references?.onDelete,
    ].join();
  const oldTarget = before.references && schema.before.entities.get(before.references.entity)?.id;
  const newTarget = after.references && schema.after.entities.get(after.references.entity)?.id;
  return ruleOf(before, oldTarget) !== ruleOf(after, newTarget);
}

const nameOf = ({ columnName }: Column) => quoteName(columnName);

/** Indexes that the new schema lacks, and those over columns whose values are converted. */
function staleIndexes({ before, after, columns }: ExistingPair): readonly Index[] {
  const kept = new Set(indexesOf(after).map(({ name }) => name));
  return indexesOf(before).filter((index) => !kept.has(index.name) || isConverted(index, columns));
}

function missingIndexes({ before, after, columns }: ExistingPair): readonly Index[] {
  const known = new Set(indexesOf(before).map(({ name }) => name));
  return indexesOf(after).filter((index) => !known.has(index.name) || isConverted(index, columns));
}

const isConverted = ({ columnIds }: Index, columns: readonly ColumnPair[]) =>
  columns.some((pair) => {
    return pair.before && columnIds.includes(pair.before.id) && changesValues(pair);
  });

/** Removes references that end or change first, so that nothing refers to what is dropped. */
function looseReferences(
  schema: SchemaPair,
  { before: entity, columns }: ExistingPair,
): readonly Statement[] {
  return columns.flatMap(({ before, after }) => {
    if (!before?.references || (after && !isRedefined(schema, before, after))) return [];
    return [alterColumn(entity.physicalTable, plainDefinition(before))];
  });
}

function dropColumns({ before: entity, columns }: ExistingPair): readonly Statement[] {
  return columns.flatMap(({ before, after }) => {
    if (!before || after) return [];
    return [statement(`ALTER TABLE ${quoteName(entity.physicalTable)} DROP COLUMN ${nameOf(before)}`)];
  });
}

interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Renames through temporary names if any name is taken, so that names can be swapped. */
function inTwoSteps(renames: readonly Rename[], taken: readonly string[], between: (i: number) => string) {
  const lower = new Set(taken.map((name) => name.toLowerCase()));
  if (!renames.some(({ to }) => lower.has(to.toLowerCase()))) return renames;
  return [
    ...renames.map(({ from }, i) => ({ from, to: between(i) })),
    ...renames.map(({ to }, i) => ({ from: between(i), to })),
  ];
}

function renameTables(
  { before: schema }: SchemaPair,
  changed: readonly ExistingPair[],
): readonly Statement[] {
  const renames = changed
    .map(({ before, after }) => ({ from: before.physicalTable, to: after.physicalTable }))
    .filter(({ from, to }) => from !== to);
  const taken = [...schema.entities.values()].map(({ physicalTable }) => physicalTable);
  const between = (i: number) => physicalTableName(schema.workspaceId, `_renamed_${i}`);
  return inTwoSteps(renames, taken, between).flatMap(({ from, to }) => [
    statement(`ALTER TABLE ${quoteName(from)} RENAME TO ${quoteName(to)}`),
    statement("UPDATE record_counts SET table_name = ? WHERE table_name = ?", [to, from]),
  ]);
}

function renameColumns({ before: entity, after: next, columns }: ExistingPair): readonly Statement[] {
  const staying = columns.flatMap(({ before, after }) => (before && after ? [{ before, after }] : []));
  const renames = staying
    .map(({ before, after }) => ({ from: before.columnName, to: after.columnName }))
    .filter(({ from, to }) => from !== to);
  const taken = entity.columns.map(({ columnName }) => columnName);
  return inTwoSteps(renames, taken, (i) => `_renamed_${i}`).map(({ from, to }) => {
    const table = quoteName(next.physicalTable);
    return statement(`ALTER TABLE ${table} RENAME COLUMN ${quoteName(from)} TO ${quoteName(to)}`);
  });
}

/** Adds, converts and fills columns in one pass over the records, then gives them their rules. */
function changeColumns(schema: SchemaPair, { after: entity, columns }: ExistingPair): readonly Statement[] {
  const table = quoteName(entity.physicalTable);
  const fresh: Statement[] = [];
  const values: string[] = [];
  const rules: Statement[] = [];
  for (const pair of columns) {
    const { before, after } = pair;
    if (!after) continue;
    const value = newValueSql(pair, () => quoteName(after.columnName));
    const definition = columnDefinition(schema.after, after);
    /* A required column must be filled before it becomes required. Each ALTER reads all definitions of the database. */
    const added = after.nullable ? definition : plainDefinition(after);
    if (!before) fresh.push(statement(`ALTER TABLE ${table} ADD COLUMN ${added}`));
    else if (value !== undefined) fresh.push(alterColumn(entity.physicalTable, untypedDefinition(after)));
    if (value !== undefined) values.push(`${quoteName(after.columnName)} = ${value}`);
    const isUnfinished = before
      ? value !== undefined || isRedefined(schema, before, after)
      : added !== definition;
    if (isUnfinished) rules.push(alterColumn(entity.physicalTable, definition));
  }
  const pass = values.length > 0 ? [statement(`UPDATE ${table} SET ${values.join(", ")}`)] : [];
  return [...fresh, ...pass, ...rules];
}
