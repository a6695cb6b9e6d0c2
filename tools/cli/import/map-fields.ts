import type { Column } from "../../../src/model/column.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { usageError } from "../exit-codes.ts";

/** `IGNORED`: the file's column is left out. Undefined: the entity has no such field. */
export type MappedField = Column | "IGNORED" | undefined;

export interface FieldMap {
  /** Finds the column of a header or of a key of a JSON object. */
  columnOf(header: string): MappedField;
  /** Finds the column of a header regardless of case, blanks and underscores. */
  guess(header: string): MappedField;
  /** Fields that were left out because the server sets them. */
  readonly readOnly: ReadonlySet<string>;
}

export interface FieldMapOptions {
  /** `header=field`; an empty field leaves the column out. */
  readonly map: readonly string[];
  readonly ignoreUnknown: boolean;
  /** Whether fields that the server sets are sent too. */
  readonly keepTimestamps: boolean;
  /** By field; the default is snake_case. */
  readonly columnNames: ReadonlyMap<string, string>;
}

/**
 * Maps headers to fields: first by `--map`, then by the field's name, then by its column name. Throws OperatorError for a
 * `--map` with an unknown field.
 */
export function createFieldMap(entity: Entity, options: FieldMapOptions): FieldMap {
  const byHeader = headersOf(entity, options);
  const readOnly = new Set<string>();
  const leaveOut = (column: MappedField): MappedField => {
    if (typeof column !== "object" || !column.autoSet || options.keepTimestamps) return column;
    readOnly.add(column.name);
    return "IGNORED";
  };
  return {
    readOnly,
    columnOf: (header) => leaveOut(byHeader.get(header) ?? (options.ignoreUnknown ? "IGNORED" : undefined)),
    guess(header) {
      const exact = byHeader.get(header);
      if (exact) return leaveOut(exact);
      const likely = [...byHeader].filter(([known]) => plainName(known) === plainName(header));
      const [first, ...others] = new Set(likely.map(([, column]) => column));
      return leaveOut(others.length === 0 ? first : undefined);
    },
  };
}

const plainName = (name: string) => name.toLowerCase().replaceAll(/[\s_]/g, "");

function headersOf(entity: Entity, { map, columnNames }: FieldMapOptions): ReadonlyMap<string, MappedField> {
  const byHeader = new Map<string, MappedField>();
  for (const column of entity.columns) {
    byHeader.set(columnNames.get(column.name) ?? column.columnName, column);
  }
  for (const column of entity.columns) byHeader.set(column.name, column);
  for (const pair of map) {
    const { header, field } = parsePair(pair);
    const column = entity.columnByName.get(field);
    if (field !== "" && !column) throw usageError(`--map ${pair}: ${entity.name} has no field '${field}'.`);
    byHeader.set(header, column ?? "IGNORED");
  }
  return byHeader;
}

function parsePair(pair: string): { readonly header: string; readonly field: string } {
  const at = pair.lastIndexOf("=");
  if (at < 1) throw usageError(`--map ${pair}: must be header=field, or header= to leave a column out.`);
  return { header: pair.slice(0, at), field: pair.slice(at + 1) };
}
