import { longestValueOf } from "../../columns/text.ts";
import type { Entity } from "../../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../../model/names.ts";

/** The most characters of a row in the database's response, which has at most 10 MB. */
const MAX_ROW_LENGTH = 10_000_000;
/** A character of a value takes at most six in JSON. */
const JSON_CHARACTERS = 6;

export interface EntityTexts {
  /** The quoted name of the table. */
  readonly table: string;
  /** Heads of reads and deletes. */
  readonly from: string;
  readonly delete: string;
  /** All columns in order, then the version, as `shapeRow` decodes them. */
  readonly row: string;
  /** Heads of updates, by written columns. */
  readonly updates: Map<string, string>;
  readonly isSureToFit: boolean;
}

const textsOfEntity = new WeakMap<Entity, EntityTexts>();

/** Parts of SQL that all statements of an entity share, built once. */
export function textsOf(entity: Entity): EntityTexts {
  const known = textsOfEntity.get(entity);
  if (known) return known;
  const columns = [...entity.columns.map(({ columnName }) => columnName), VERSION_COLUMN];
  const table = quoteName(entity.physicalTable);
  const texts = {
    table,
    from: `FROM ${table}`,
    delete: `DELETE FROM ${table}`,
    row: columns.map(quoteName).join(", "),
    updates: new Map<string, string>(),
    isSureToFit: longestRowOf(entity) <= MAX_ROW_LENGTH,
  };
  textsOfEntity.set(entity, texts);
  return texts;
}

/**
 * Whether the database can return any row of the entity. A write that returns a row that is too large must be undone,
 * so it needs a transaction.
 */
export const isSureToFit = (entity: Entity): boolean => textsOf(entity).isSureToFit;

const longestRowOf = ({ columns }: Entity): number =>
  columns.reduce((sum, column) => sum + JSON_CHARACTERS * longestValueOf(column), 0);
