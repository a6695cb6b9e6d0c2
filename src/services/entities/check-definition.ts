import { checkColumnDefinition } from "../../columns/define-column.ts";
import { checkEntityConstraintDefinitions } from "../../columns/define-entity-constraint.ts";
import type { Detail } from "../../errors/app-error.ts";
import { idColumnOf } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import { RESERVED_ENTITY_NAMES } from "../../model/names.ts";

/**
 * Problems of one definition against the others of its workspace (without itself): names that clash or are reserved,
 * references and join entities that do not exist. Paths are those of the admin document.
 */
export function checkDefinition(
  definition: EntityDefinition,
  others: readonly EntityDefinition[],
): readonly Detail[] {
  return [
    ...checkReserved(definition),
    ...checkColumnNames(definition),
    ...definition.columns.flatMap((column, i) => checkColumnDefinition(column, `columns[${i}]`)),
    ...checkEntityConstraintDefinitions(definition.constraints, [
      idColumnOf(definition),
      ...definition.columns,
    ]),
    ...checkReferences(definition, others),
    ...checkManyToMany(definition, others),
    ...checkRelationshipNames(definition, others),
  ];
}

function checkReserved({ name, columns }: EntityDefinition): readonly Detail[] {
  const details: Detail[] = [];
  if (RESERVED_ENTITY_NAMES.has(name.toLowerCase()))
    details.push({ field: "name", message: "is a reserved name" });
  columns.forEach((column, i) => {
    if (column.name.toLowerCase() === "id")
      details.push({ field: `columns[${i}].name`, message: "is a reserved name" });
    else if (column.columnName.toLowerCase() === "id") {
      details.push({ field: `columns[${i}].columnName`, message: "is a reserved name" });
    }
  });
  return details;
}

function checkColumnNames({ columns }: EntityDefinition): readonly Detail[] {
  const names = columns.map(({ name }, i) => ({ field: `columns[${i}].name`, key: name }));
  const columnNames = columns.map((column, i) => {
    return { field: `columns[${i}].columnName`, key: column.columnName.toLowerCase() };
  });
  return [...duplicatesOf(names), ...duplicatesOf(columnNames)];
}

function checkReferences(
  { name, columns }: EntityDefinition,
  others: readonly EntityDefinition[],
): readonly Detail[] {
  const known = new Set([name, ...others.map((other) => other.name)]);
  return columns.flatMap(({ references, nullable }, i) => {
    if (!references) return [];
    const path = `columns[${i}].references`;
    if (!known.has(references.entity)) {
      return [{ field: `${path}.entity`, message: `Entity not found: ${references.entity}` }];
    }
    if (references.onDelete !== "SET_NULL" || nullable) return [];
    return [{ field: `${path}.onDelete`, message: "SET_NULL needs a nullable column" }];
  });
}

function checkManyToMany(
  definition: EntityDefinition,
  others: readonly EntityDefinition[],
): readonly Detail[] {
  const all = [definition, ...others];
  return definition.relationships.flatMap(({ through, source, target }, i) => {
    const path = `relationships[${i}]`;
    const join = all.find(({ name }) => name === through);
    if (!join) return [{ field: `${path}.through`, message: `Entity not found: ${through}` }];
    const referenceOf = (name: string) =>
      join.columns.find((column) => column.name === name)?.references?.entity;
    const details: Detail[] = [];
    if (referenceOf(source) !== definition.name) {
      details.push({
        field: `${path}.source`,
        message: `must be a column of ${through} that references ${definition.name}`,
      });
    }
    if (referenceOf(target) === undefined) {
      details.push({
        field: `${path}.target`,
        message: `must be a column of ${through} that references an entity`,
      });
    }
    return details;
  });
}

/** Columns and relationships stand side by side in a record, those that other entities add as inverses included. */
function checkRelationshipNames(
  definition: EntityDefinition,
  others: readonly EntityDefinition[],
): readonly Detail[] {
  const own = namesAddedTo(definition.name, { definition, path: "" });
  const added = others.flatMap((other) =>
    namesAddedTo(definition.name, { definition: other, path: undefined }),
  );
  const columns = [
    { field: undefined, key: "id" },
    ...definition.columns.map(({ name }) => ({ field: undefined, key: name })),
  ];
  const onThis = duplicatesOf([...columns, ...added, ...own]);
  const onOthers = others.flatMap((other) => {
    const taken = ["id", ...other.columns.map(({ name }) => name)].map((key) => ({ field: undefined, key }));
    const existing = others.flatMap((source) =>
      namesAddedTo(other.name, { definition: source, path: undefined }),
    );
    return duplicatesOf([...taken, ...existing, ...namesAddedTo(other.name, { definition, path: "" })]);
  });
  return [...onThis, ...onOthers];
}

interface Named {
  /** Undefined: given, and not to be complained about. */
  readonly field: string | undefined;
  readonly key: string;
}

/** Names of relationships that a definition gives to an entity. */
function namesAddedTo(
  target: string,
  { definition, path }: { definition: EntityDefinition; path: "" | undefined },
): readonly Named[] {
  const at = (field: string) => (path === undefined ? undefined : field);
  const names: Named[] = [];
  definition.columns.forEach(({ references }, i) => {
    if (!references) return;
    const { entity, relationship, inverse } = references;
    if (definition.name === target)
      names.push({ field: at(`columns[${i}].references.relationship`), key: relationship });
    if (entity === target && inverse)
      names.push({ field: at(`columns[${i}].references.inverse`), key: inverse });
  });
  if (definition.name === target) {
    definition.relationships.forEach(({ name }, i) => {
      names.push({ field: at(`relationships[${i}].name`), key: name });
    });
  }
  return names;
}

function duplicatesOf(names: readonly Named[]): readonly Detail[] {
  const seen = new Set<string>();
  return names.flatMap(({ field, key }) => {
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return field === undefined ? [] : [{ field, message: `'${key}' is already taken` }];
  });
}
