import { checkColumnDefinition } from "../../columns/define-column.ts";
import { checkEntityConstraintDefinitions } from "../../columns/define-entity-constraint.ts";
import { problemsOfIndexes } from "../../columns/index-condition.ts";
import type { Detail } from "../../errors/app-error.ts";
import { buildCatalog, type Catalog, entityNamed, idColumnOf } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import { RESERVED_ENTITY_NAMES } from "../../model/names.ts";
import { checkSettings } from "./check-settings.ts";

/** A problem of an entity's definition. `field` is a path within it. */
export interface SchemaProblem extends Detail {
  readonly entityId: string;
}

/**
 * All definitions of a workspace, and those of the request. If names clash, the problem is that of the request's
 * definitions.
 */
export interface ProposedSchema {
  readonly definitions: readonly EntityDefinition[];
  readonly subjects: ReadonlySet<string>;
}

/**
 * Finds what is wrong with all definitions of a workspace together: names that clash or are reserved, references and
 * join entities that do not exist, and rules and settings with unknown names.
 */
export function checkSchema(catalog: Catalog, schema: ProposedSchema): readonly SchemaProblem[] {
  const { definitions, subjects } = schema;
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const problems = definitions.flatMap((definition) => {
    const details = subjects.has(definition.id) ? checkDefinition(definition) : [];
    return [...details, ...checkReferences(definition, byName), ...checkManyToMany(definition, byName)].map(
      (detail) => ({ ...detail, entityId: definition.id }),
    );
  });
  const clashes = checkNames(schema);
  if (problems.length + clashes.length > 0) return [...problems, ...clashes];
  const next = buildCatalog({ ...catalog, definitions });
  return definitions.flatMap(({ name, id }) =>
    checkSettings(next, entityNamed(next, name)).map((detail) => ({ ...detail, entityId: id })),
  );
}

function checkDefinition(definition: EntityDefinition): readonly Detail[] {
  const columns = [idColumnOf(definition), ...definition.columns];
  return [
    ...checkReserved(definition),
    ...definition.columns.flatMap((column, i) => checkColumnDefinition(column, `columns[${i}]`)),
    ...checkEntityConstraintDefinitions(definition.constraints, columns),
    ...problemsOfIndexes(definition.indexes ?? [], columns),
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

type ByName = ReadonlyMap<string, EntityDefinition>;

function checkReferences({ columns }: EntityDefinition, known: ByName): readonly Detail[] {
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

function checkManyToMany(definition: EntityDefinition, known: ByName): readonly Detail[] {
  return definition.relationships.flatMap(({ through, source, target }, i) => {
    const path = `relationships[${i}]`;
    const join = known.get(through);
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

interface Name {
  readonly entityId: string;
  readonly field: string;
  readonly name: string;
}

/**
 * Names of entities and tables are unique. Columns and relationships of an entity share one namespace, including the
 * inverses that other entities add. Of two names that clash, the later one in the request is reported.
 */
function checkNames({ definitions, subjects }: ProposedSchema): readonly SchemaProblem[] {
  const isSubject = ({ id }: EntityDefinition) => subjects.has(id);
  const ordered = [...definitions.filter((each) => !isSubject(each)), ...definitions.filter(isSubject)];
  const members = new Map<string, Name[]>();
  const add = (owner: string, name: Name) => members.set(owner, [...(members.get(owner) ?? []), name]);
  for (const { id, name, columns } of ordered) {
    const own = columns.map((column, i) => ({
      entityId: id,
      field: `columns[${i}].name`,
      name: column.name,
    }));
    members.set(name, [{ entityId: id, field: "id", name: "id" }, ...own]);
  }
  for (const { id, name: owner, columns, relationships } of ordered) {
    columns.forEach(({ references }, i) => {
      if (!references) return;
      const { entity, relationship, inverse } = references;
      const path = `columns[${i}].references`;
      add(owner, { entityId: id, field: `${path}.relationship`, name: relationship });
      if (inverse) add(entity, { entityId: id, field: `${path}.inverse`, name: inverse });
    });
    relationships.forEach(({ name }, i) => {
      add(owner, { entityId: id, field: `relationships[${i}].name`, name });
    });
  }
  const entityNames = ordered.map(({ id, name }) => ({ entityId: id, field: "name", name }));
  const tableNames = ordered.map(({ id, tableName }) => {
    return { entityId: id, field: "tableName", name: tableName.toLowerCase() };
  });
  const columnNames = ordered.map(({ id, columns }) =>
    columns.map(({ columnName }, i) => {
      return { entityId: id, field: `columns[${i}].columnName`, name: columnName.toLowerCase() };
    }),
  );
  return [entityNames, tableNames, ...columnNames, ...members.values()].flatMap(repeated);
}

function repeated(names: readonly Name[]): readonly SchemaProblem[] {
  const seen = new Set<string>();
  return names.flatMap(({ entityId, field, name }) => {
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew ? [] : [{ entityId, field, message: `'${name}' is already taken` }];
  });
}
