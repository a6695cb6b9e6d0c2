import { badRequest } from "../../errors/api-errors.ts";
import type { Path } from "../ast.ts";
import { MAX_PATH_SEGMENTS } from "../limits.ts";
import { echo } from "../messages.ts";

/** Parses a dotted name. The plan decides what its segments mean. */
export function parsePath(name: string, parameter: string): Path {
  const segments = name.split(".", MAX_PATH_SEGMENTS + 1);
  if (segments.length > MAX_PATH_SEGMENTS) throw badRequest(`Name ${echo(name)} in ${parameter} is too long`);
  if (segments.includes("")) throw badRequest(`Malformed name ${echo(name)} in ${parameter}`);
  return segments;
}

/** Parses `a,b.c` of a parameter that may repeat. Null if it is absent. Throws BAD_REQUEST for an empty name. */
export function parseNames(params: URLSearchParams, parameter: string, most: number): readonly Path[] | null {
  const values = params.getAll(parameter);
  if (values.length === 0) return null;
  const names = values.flatMap((value) => value.split(",", most + 1)).map((name) => name.trim());
  if (names.length > most)
    throw badRequest(`Parameter '${parameter}' names more than ${most}: ${echo(names.join())}`);
  if (names.length === 1 && names[0] === "") return [];
  return names.map((name) => parsePath(name, parameter));
}
