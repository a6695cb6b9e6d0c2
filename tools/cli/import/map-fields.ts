import type { Column } from "../../../src/model/column.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/model/json.ts";
import { findUniqueRule, uniqueRulesOf } from "../../../src/model/unique-rules.ts";
import { usageError } from "../exit-codes.ts";

/** What a column of the file means. */
export interface MappedColumn {
  /** The path of the field, such as `title` or `authorId.name`. */
  readonly name: string;
  /** What the values are: a field of the entity, or of the record that the reference names by it. */
  readonly column: Column;
  /** The reference of a value that is a part of its natural key. */
  readonly reference?: Column;
}

/** `IGNORED`: the file's column is left out. Undefined: the entity has no such field. */
export type MappedField = MappedColumn | "IGNORED" | undefined;

export interface FieldMap {
  /** Finds the column of a header or of a key of a JSON object. */
  columnOf(header: string): MappedField;
  /** Finds the column of a header regardless of case, blanks and underscores. */
  guess(header: string): MappedField;
  /** Fields that were left out because the server sets them. */
  readonly readOnly: ReadonlySet<string>;
}

export interface FieldMapOptions {
  /** `header=field` or `header=reference.field`; an empty field leaves the column out. */
  readonly map: readonly string[];
  readonly ignoreUnknown: boolean;
  /** Whether fields that the server sets are sent too. */
  readonly keepTimestamps: boolean;
  /** By field; the default is snake_case. */
  readonly columnNames: ReadonlyMap<string, string>;
  /** The entities that references may lead to, by name. */
  readonly entities: ReadonlyMap<string, Entity>;
}

/**
 * Maps headers to fields: first by `--map`, then by the field's name, then by its column name. Throws OperatorError for a
 * `--map` with an unknown field, or with fields that name no record.
 */
export function createFieldMap(entity: Entity, options: FieldMapOptions): FieldMap {
  const byHeader = headersOf(entity, options);
  const readOnly = new Set<string>();
  const leaveOut = (field: MappedField): MappedField => {
    if (typeof field !== "object" || field.reference) return field;
    if (!field.column.autoSet || options.keepTimestamps) return field;
    readOnly.add(field.name);
    return "IGNORED";
  };
  return {
    readOnly,
    columnOf: (header) => leaveOut(byHeader.get(header) ?? (options.ignoreUnknown ? "IGNORED" : undefined)),
    guess(header) {
      const exact = byHeader.get(header);
      if (exact) return leaveOut(exact);
      const likely = [...byHeader].filter(([known]) => plainName(known) === plainName(header));
      const [first, ...others] = new Set(likely.map(([, field]) => field));
      return leaveOut(others.length === 0 ? first : undefined);
    },
  };
}

/** The fields of a row: parts of a natural key become `{"$by":…}`, or null when all of them are. */
export function fieldsOf(
  values: readonly (readonly [Omit<MappedColumn, "column">, JsonValue | undefined])[],
): JsonObject {
  const keys = new Map<Column, Record<string, JsonValue>>();
  const fields: Record<string, JsonValue> = {};
  for (const [{ name, reference }, value] of values) {
    if (reference) {
      const part = name.slice(reference.name.length + 1);
      keys.set(reference, { ...keys.get(reference), [part]: value ?? null });
    } else if (value !== undefined) fields[name] = value;
  }
  for (const [{ name, nullable }, key] of keys) {
    if (Object.values(key).some((part) => part !== null)) fields[name] = { $by: key };
    else if (nullable) fields[name] = null;
  }
  return fields;
}

/** The key in `{"$by":…}`; undefined for another value. */
export const naturalKeyIn = (value: JsonValue | undefined): JsonObject | undefined =>
  isJsonObject(value) && isJsonObject(value.$by) ? value.$by : undefined;

const plainName = (name: string) => name.toLowerCase().replaceAll(/[\s_]/g, "");

function headersOf(entity: Entity, options: FieldMapOptions): ReadonlyMap<string, MappedField> {
  const { map, columnNames, entities } = options;
  const byHeader = new Map<string, MappedField>();
  const fields = entity.columns.map((column): MappedColumn => ({ name: column.name, column }));
  for (const field of fields) byHeader.set(columnNames.get(field.name) ?? field.column.columnName, field);
  for (const field of fields) byHeader.set(field.name, field);
  const keys = new Map<Column, string[]>();
  for (const pair of map) {
    const { header, path } = parsePair(pair);
    const field = path === "" ? "IGNORED" : (byHeader.get(path) ?? keyPartOf(entity, path, entities));
    if (!field) throw usageError(`--map ${pair}: ${entity.name} has no field '${path}'.`);
    byHeader.set(header, field);
    if (field === "IGNORED" || !field.reference) continue;
    keys.set(field.reference, [...(keys.get(field.reference) ?? []), field.column.name]);
  }
  for (const [reference, names] of keys) requireRule(reference, names, entities);
  return byHeader;
}

/** The part of a natural key that `authorId.name` names; undefined for another path. */
function keyPartOf(
  entity: Entity,
  path: string,
  entities: ReadonlyMap<string, Entity>,
): MappedColumn | undefined {
  const [name = "", part = ""] = path.split(".", 2);
  const reference = entity.columnByName.get(name);
  const target = reference?.references && entities.get(reference.references.entity);
  const column = target?.columnByName.get(part);
  return reference && column && { name: `${name}.${part}`, column, reference };
}

function requireRule(
  { name, references }: Column,
  parts: readonly string[],
  entities: ReadonlyMap<string, Entity>,
): void {
  const target = entities.get(references?.entity ?? "");
  if (!target || findUniqueRule(target, parts)) return;
  const rules = uniqueRulesOf(target).map((columns) => columns.map((column) => `${name}.${column.name}`));
  const known = rules.map((rule) => rule.join(" and ")).join(", or ") || `${name}, with ids`;
  throw usageError(`--map: ${parts.join(" and ")} cannot name one ${target.name}. Map to ${known}.`);
}

function parsePair(pair: string): { readonly header: string; readonly path: string } {
  const at = pair.lastIndexOf("=");
  if (at < 1) throw usageError(`--map ${pair}: must be header=field, or header= to leave a column out.`);
  return { header: pair.slice(0, at), path: pair.slice(at + 1) };
}
