import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/model/json.ts";
import { ApiError } from "../api/api-error.ts";
import type { ApiClient } from "../api/send-request.ts";
import type { BatchRow } from "./cut-batches.ts";
import { naturalKeyIn } from "./map-fields.ts";

/** The effect of an upsert on a row. */
export type Fate = "created" | "updated" | "unchanged";

export interface StoredRecords {
  readonly client: ApiClient;
  /** The path of the entity in the workspace's API. */
  readonly path: string;
  readonly entity: Entity;
  /** The fields that rows are matched on. */
  readonly upsertBy: readonly string[];
}

/** Every server takes addresses of this length. Longer filters become several requests. */
const MAX_QUERY_CHARACTERS = 4_000;
/** The limit of one request: docs/query-language.md. */
const MAX_CONDITIONS = 50;

/**
 * Predicts what an upsert does with each row, from the stored records and the rows before it. Returns undefined if the key
 * or the entity does not allow the filter. Throws as ApiClient.send.
 */
export async function fatesOf(
  stored: StoredRecords,
  rows: readonly BatchRow[],
): Promise<readonly Fate[] | undefined> {
  const { entity, upsertBy } = stored;
  const wanted = rows.map(({ record }) => normalize(record, entity));
  const known = new Map<string, JsonObject>();
  try {
    for (const found of await fetchStored(stored, wanted)) {
      known.set(matchKeyOf(found, stored), found);
    }
  } catch (error) {
    if (error instanceof ApiError && [400, 403].includes(error.status)) return undefined;
    throw error;
  }
  return wanted.map((record): Fate => {
    const key = keyOf(record, upsertBy);
    const before = known.get(key);
    known.set(key, { ...before, ...record, ...namedIn(record, entity) });
    if (!before) return "created";
    const isSame = Object.entries(record).every(([field, value]) =>
      isStored(before, { field, value, entity }),
    );
    return isSame ? "unchanged" : "updated";
  });
}

/** The relationships whose references a row sends: the natural keys that it names, null for those sent as an id. */
function namedIn(record: JsonObject, entity: Entity): JsonObject {
  const entries = Object.entries(record).flatMap(([field, value]): [string, JsonValue][] => {
    const references = entity.columnByName.get(field)?.references;
    return references ? [[references.relationship, naturalKeyIn(value) ?? null]] : [];
  });
  return Object.fromEntries(entries);
}

interface SentField {
  readonly field: string;
  readonly value: JsonValue;
  readonly entity: Entity;
}

/** Whether a field has the value; of a record that is named by a key, whether the related record has the key. */
function isStored(before: JsonObject, { field, value, entity }: SentField): boolean {
  const key = naturalKeyIn(value);
  const references = entity.columnByName.get(field)?.references;
  if (!key || !references) return isEqual(before[field], value);
  const related = before[references.relationship];
  return isJsonObject(related) && Object.entries(key).every(([name, part]) => isEqual(related[name], part));
}

/** Returns a text that is the same for rows that match the same record. */
export const matchKeyOf = (record: JsonObject, { entity, upsertBy }: StoredRecords): string =>
  keyOf(normalize(pick(record, upsertBy), entity), upsertBy);

const pick = (record: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(fields.map((field) => [field, record[field] ?? null]));

/** Spells values as the API does. Values that it would refuse stay as they are. */
function normalize(record: JsonObject, entity: Entity): JsonObject {
  const entries = Object.entries(record).map(([field, value]): [string, JsonValue] => {
    const column = entity.columnByName.get(field);
    if (!column || value === null) return [field, value];
    const type = columnTypeOf(column);
    const parsed = type.parse(value, column);
    return [field, parsed.ok && parsed.value !== null ? type.toJson(parsed.value, column) : value];
  });
  return Object.fromEntries(entries);
}

const keyOf = (record: JsonObject, upsertBy: readonly string[]) =>
  JSON.stringify(upsertBy.map((field) => record[field] ?? null));

const isEqual = (a: JsonValue | undefined, b: JsonValue) => JSON.stringify(a) === JSON.stringify(b);

async function fetchStored(
  stored: StoredRecords,
  wanted: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const { client, path, upsertBy } = stored;
  const fields = [...new Set([...upsertBy, ...wanted.flatMap((record) => Object.keys(record))])];
  const known = fields.filter((field) => stored.entity.columnByName.has(field));
  const named = wanted.flatMap((record) => relatedFieldsIn(record, stored.entity));
  const shown = [...new Set([...known, ...named])];
  const expand = [...new Set(named.map((path) => path.split(".", 1)[0]))].join(",");
  const all: JsonObject[] = [];
  for (const filter of filtersOf(wanted, upsertBy)) {
    const query = new URLSearchParams({ filter, fields: shown.join(","), size: "1000", count: "none" });
    if (expand) query.set("expand", expand);
    const { text } = await client.send({ method: "GET", path: `${path}?${query}` });
    all.push(...(JSON.parse(text) as { data: JsonObject[] }).data);
  }
  return all;
}

/** The fields of related records by which a row names them, such as `author.name`. */
const relatedFieldsIn = (record: JsonObject, entity: Entity): readonly string[] =>
  Object.entries(namedIn(record, entity)).flatMap(([relationship, key]) =>
    isJsonObject(key) ? Object.keys(key).map((name) => `${relationship}.${name}`) : [],
  );

/** Returns filters that together find the records of all rows. A null matches no record. */
function filtersOf(wanted: readonly JsonObject[], upsertBy: readonly string[]): readonly string[] {
  const keys = wanted
    .map((record) => upsertBy.map((field): [string, JsonValue] => [field, record[field] ?? null]))
    .filter((key) => key.every(([, value]) => value !== null));
  const [field] = upsertBy;
  if (field !== undefined && upsertBy.length === 1) {
    const values = keys.map(([first]) => first?.[1] ?? null);
    return chunk(values, MAX_KEYS).map((some) => JSON.stringify({ [field]: { in: some } }));
  }
  const trees = keys.map((key) => Object.fromEntries(key));
  const most = Math.max(1, Math.floor(MAX_CONDITIONS / upsertBy.length));
  return chunk(trees, most).map((some) => JSON.stringify({ or: some }));
}

const MAX_KEYS = 100;

/** Cuts values into lists of at most `most`, and of as many as fit into an address. */
function chunk(values: readonly JsonValue[], most: number): readonly (readonly JsonValue[])[] {
  const chunks: JsonValue[][] = [];
  let size = 0;
  for (const value of values) {
    const length = encodeURIComponent(JSON.stringify(value)).length;
    const open = chunks.at(-1);
    if (open && open.length < most && size + length <= MAX_QUERY_CHARACTERS) {
      open.push(value);
      size += length;
    } else {
      chunks.push([value]);
      size = length;
    }
  }
  return chunks;
}
