import { badRequest } from "../../errors/api-errors.ts";
import { canFollow } from "../../model/access.ts";
import type { Column } from "../../model/column.ts";
import type { Relationship } from "../../model/entity.ts";
import type { Path } from "../ast.ts";
import { MAX_RELATIONSHIP_LEVELS } from "../limits.ts";
import { echo, unknownName } from "../messages.ts";
import { OPERATOR_NAMES } from "../operators.ts";
import type { FieldPath, Hop } from "./plan.ts";
import type { QueryTarget } from "./target.ts";

/* The only code that turns a client's name into a column or a relationship. */

/** The relationship, unless it does not exist or leads to, or through, an entity that the caller may not read. */
export function findHop(target: QueryTarget, name: string): Hop | undefined {
  const relationship = target.entity.relationships.get(name);
  return relationship && hopOf(target, relationship);
}

/** Throws BAD_REQUEST if the entity has no such relationship. */
export function resolveHop(target: QueryTarget, name: string): Hop {
  const hop = findHop(target, name);
  if (hop) return hop;
  throw unknownName(`Unknown relationship ${echo(name)} on ${target.entity.name}`, {
    name,
    known: relationshipNames(target),
  });
}

/** Throws BAD_REQUEST if the entity has no such column. */
export function resolveColumn(target: QueryTarget, name: string): Column {
  const column = target.entity.columnByName.get(name);
  if (column) return column;
  if (findHop(target, name)) throw badRequest(needsField(target, name));
  throw unknownField(target, name);
}

/** The entity that `hop` leads to, for the same caller. */
export const targetOf = (target: QueryTarget, hop: Hop): QueryTarget => ({ ...target, entity: hop.entity });

/**
 * Resolves the dotted name of a sort key or a group: a column of the entity, or one reached over to-one relationships.
 * Throws BAD_REQUEST for unknown names, to-many relationships and more than 3 levels.
 */
export function resolveField(target: QueryTarget, path: Path, parameter: string): FieldPath {
  const { hops, owner, last } = resolveHops(target, path, parameter);
  const toMany = hops.find(({ relationship }) => relationship.kind !== "TO_ONE");
  if (toMany) {
    throw badRequest(
      `Cannot use ${echo(path.join("."))} in ${parameter} — '${toMany.relationship.name}' leads to many records`,
    );
  }
  return { name: path.join("."), hops, column: resolveColumn(owner, last) };
}

/** Resolves every relationship of a path except the last segment, which the caller resolves on `owner`. */
export function resolveHops(target: QueryTarget, path: Path, parameter: string) {
  const last = path.at(-1) ?? "";
  const names = path.slice(0, -1);
  if (names.length > MAX_RELATIONSHIP_LEVELS) {
    throw badRequest(
      `Path ${echo(path.join("."))} in ${parameter} goes through more than ${MAX_RELATIONSHIP_LEVELS} relationships`,
    );
  }
  const hops: Hop[] = [];
  let owner = target;
  for (const [index, name] of names.entries()) {
    const hop = findHop(owner, name);
    if (!hop) throw notARelationship(owner, path.slice(index));
    hops.push(hop);
    owner = targetOf(owner, hop);
  }
  return { hops, owner, last };
}

function hopOf({ catalog, scope }: QueryTarget, relationship: Relationship): Hop | undefined {
  if (!canFollow(relationship, scope.canRead)) return undefined;
  const entity = catalog.entities.get(relationship.target);
  if (!entity) return undefined;
  if (relationship.kind !== "MANY_TO_MANY") return { relationship, entity, through: null };
  const through = catalog.entities.get(relationship.through);
  return through && { relationship, entity, through };
}

const relationshipNames = (target: QueryTarget): string[] =>
  [...target.entity.relationships.values()]
    .filter((relationship) => hopOf(target, relationship))
    .map(({ name }) => name);

function unknownField(target: QueryTarget, name: string) {
  const known = [...target.entity.columnByName.keys(), ...relationshipNames(target)];
  return unknownName(`Unknown field ${echo(name)} on ${target.entity.name}`, { name, known });
}

/** A column followed by another name is most likely a misspelt operator. */
function notARelationship(target: QueryTarget, [name = "", next = "", ...rest]: Path) {
  if (!target.entity.columnByName.has(name)) return unknownField(target, name);
  const place = `${target.entity.name}.${name}`;
  if (OPERATOR_NAMES.some((operator) => operator === next))
    return badRequest(
      `Operator '${next}' on ${place} takes its value in an object — {"${name}":{"${next}":…}}`,
    );
  if (rest.length > 0) return badRequest(`Field '${name}' on ${target.entity.name} is not a relationship`);
  return unknownName(`Unknown operator ${echo(next)} on ${place}`, { name: next, known: OPERATOR_NAMES });
}

const needsField = (target: QueryTarget, name: string) =>
  `'${name}' on ${target.entity.name} is a relationship — name one of its fields, such as '${name}.id'`;
