import type { Catalog } from "../../model/catalog.ts";
import type { Entity, Relationship } from "../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { isOperand } from "../../model/operand.ts";
import { isOperatorName } from "../operators.ts";

/*
 * Rules are stored with stable ids instead of names, so they follow every rename. `id` keeps its name, which no column
 * can take. A relationship is identified by its columns; `~` marks the direction against a reference.
 */

/** Translates one segment of a path; undefined if the entity has nothing with that name or id. */
type Translate = (entity: Entity, segment: string) => Translated | undefined;
interface Translated {
  readonly text: string;
  /** The entity that a relationship leads to. */
  readonly target?: string;
}

const GROUPS = ["and", "or"];

/** Returns the tree with ids. Unknown names stay, so the tree must have been planned before. */
export const treeWithIds = (catalog: Catalog, entity: Entity, tree: JsonObject): JsonObject =>
  translateTree(catalog, { entity, translate: toId, tree }) ?? tree;

/** Returns the tree with the current names; undefined if something that it names was deleted. */
export const treeWithNames = (catalog: Catalog, entity: Entity, tree: JsonObject): JsonObject | undefined =>
  translateTree(catalog, { entity, translate: toName, tree });

/** The id of a field; undefined if the field does not exist. */
export const fieldId = (entity: Entity, name: string): string | undefined => {
  const column = entity.columnByName.get(name);
  return column && (name === "id" ? name : column.id);
};

/** The current name of a field's id; undefined if the field was deleted. */
export const fieldName = (entity: Entity, id: string): string | undefined =>
  id === "id" ? id : entity.columns.find((column) => column.id === id)?.name;

interface Place {
  readonly entity: Entity;
  readonly translate: Translate;
}

function translateTree(
  catalog: Catalog,
  { tree, ...place }: Place & { readonly tree: JsonObject },
): JsonObject | undefined {
  const entries: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(tree)) {
    const entry = translateEntry(catalog, place, [key, value]);
    if (!entry) return undefined;
    entries.push(entry);
  }
  return Object.fromEntries(entries);
}

function translateEntry(
  catalog: Catalog,
  place: Place,
  [key, value]: [string, JsonValue],
): [string, JsonValue] | undefined {
  if (key === "not" || GROUPS.includes(key)) {
    const trees = (Array.isArray(value) ? value : [value]).filter(isJsonObject);
    const translated = trees.map((tree) => translateTree(catalog, { ...place, tree }));
    const known = translated.filter((tree) => tree !== undefined);
    if (known.length < translated.length) return undefined;
    const [only = null] = known;
    return [key, key === "not" ? only : known];
  }
  const path = translatePath(catalog, place, key);
  if (!path) return undefined;
  if (!isJsonObject(value) || isOperand(value)) return [path.text, value];
  const entries: [string, JsonValue][] = Object.entries(value);
  const inner = entries.map(([name, test]): [string, JsonValue] | undefined => {
    if (isOperatorName(name) && (!isJsonObject(test) || isOperand(test))) return [name, test];
    return path.entity && translateEntry(catalog, { ...place, entity: path.entity }, [name, test]);
  });
  const known = inner.filter((entry) => entry !== undefined);
  return known.length < inner.length ? undefined : [path.text, Object.fromEntries(known)];
}

/** All segments but the last are relationships; the last may be one. */
function translatePath(catalog: Catalog, { entity, translate }: Place, key: string) {
  let at: Entity | undefined = entity;
  const texts: string[] = [];
  for (const segment of key.split(".")) {
    const translated: Translated | undefined = at && translate(at, segment);
    if (!translated) return undefined;
    texts.push(translated.text);
    at = translated.target === undefined ? undefined : catalog.entities.get(translated.target);
  }
  return { text: texts.join("."), entity: at };
}

function idOfRelationship(relationship: Relationship): string {
  if (relationship.kind === "TO_ONE") return `>${relationship.column.id}`;
  if (relationship.kind === "TO_MANY") return `~${relationship.targetColumn.id}`;
  return `~${relationship.sourceColumn.id}>${relationship.targetColumn.id}`;
}

/** A relationship comes first if a column has the same name, because only a relationship can have an object. */
const toId: Translate = (entity, name) => {
  const id = fieldId(entity, name);
  if (id !== undefined) return { text: id };
  const relationship = entity.relationships.get(name);
  return relationship && { text: idOfRelationship(relationship), target: relationship.target };
};

const toName: Translate = (entity, id) => {
  const name = fieldName(entity, id);
  if (name !== undefined) return { text: name };
  const relationship = [...entity.relationships.values()].find((each) => idOfRelationship(each) === id);
  return relationship && { text: relationship.name, target: relationship.target };
};
