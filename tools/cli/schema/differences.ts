import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/model/json.ts";
import type { Change, SchemaDocument } from "./schema-plan.ts";

/** One property of an entity or a column, before and after; null where it is not set. */
export interface Difference {
  readonly property: string;
  readonly from: JsonValue;
  readonly to: JsonValue;
}

export interface ChangeContext {
  /** Complete: defaults are filled in. */
  readonly before: SchemaDocument;
  readonly after: SchemaDocument;
  /** The whole plan: its renames give the former names. */
  readonly changes: readonly Change[];
}

/** The values of properties that a document leaves out of a column. */
const COLUMN_DEFAULTS: JsonObject = { nullable: true, unique: false, indexed: false };

/** Returns the properties that a change alters; none when it adds or drops something as a whole. */
export function differencesOf(change: Change, context: ChangeContext): readonly Difference[] {
  const { kind, properties = [] } = change;
  const { before, after } = subjectsOf(change, context);
  if (kind === "RENAME_ENTITY") return changed(["name", "tableName"], before, after);
  if (kind === "RENAME_COLUMN") return changed(["name", "columnName"], before, after);
  if (kind === "ALTER_COLUMN") return changed(properties, before, { ...COLUMN_DEFAULTS, ...after });
  if (kind !== "CHANGE_SETTINGS") return [];
  return changed(properties, settingsOf(before), settingsOf(after));
}

function changed(
  properties: readonly string[],
  before: JsonObject,
  after: JsonObject,
): readonly Difference[] {
  return properties
    .map((property) => ({ property, from: before[property] ?? null, to: after[property] ?? null }))
    .filter(({ from, to }) => to !== null || from !== null)
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

/** The entity or column that a change is about, as it was and as it will be. */
function subjectsOf({ kind, entity, column, from }: Change, { before, after, changes }: ChangeContext) {
  const rename = changes.find((other) => other.kind === "RENAME_ENTITY" && other.entity === entity);
  const formerEntity = kind === "RENAME_ENTITY" ? from : rename?.from;
  const entities = {
    before: named(before.entities, formerEntity ?? entity),
    after: named(after.entities, entity),
  };
  if (column === undefined) return entities;
  const columnRename = changes.find((other) => {
    return other.kind === "RENAME_COLUMN" && other.entity === entity && other.column === column;
  });
  return {
    before: named(entities.before.columns, columnRename?.from ?? column),
    after: named(entities.after.columns, column),
  };
}

function named(list: JsonValue | readonly JsonObject[] | undefined, name: string): JsonObject {
  const found = Array.isArray(list)
    ? list.find((item) => isJsonObject(item) && item.name === name)
    : undefined;
  return isJsonObject(found) ? found : {};
}

const settingsOf = ({ settings, relationships }: JsonObject): JsonObject => ({
  ...(isJsonObject(settings) ? settings : {}),
  relationships: relationships ?? [],
});
