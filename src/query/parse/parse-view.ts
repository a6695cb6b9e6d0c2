import { badRequest } from "../../errors/api-errors.ts";
import type { Path, ViewAst } from "../ast.ts";
import { MAX_EXPANSIONS, MAX_FIELDS, MAX_PATH_SEGMENTS } from "../limits.ts";
import { parseNames } from "./parse-names.ts";

/** Parses `fields` and `expand`. An empty `expand` turns the entity's default expansion off. */
export function parseView(params: URLSearchParams): ViewAst {
  return { fields: parseFields(params), expand: parseExpand(params) };
}

export function parseFields(params: URLSearchParams): readonly Path[] | null {
  const fields = parseNames(params, "fields", MAX_FIELDS);
  if (fields?.length === 0) throw badRequest("Parameter 'fields' is empty ('') — name at least one field");
  return fields;
}

/** Paths that are too deep are silently cut, as the contract says, so a long path is not an error. */
function parseExpand(params: URLSearchParams): readonly Path[] | null {
  const cut = new URLSearchParams();
  for (const value of params.getAll("expand")) {
    const names = value.split(",", MAX_EXPANSIONS + 1);
    cut.append("expand", names.map((name) => name.split(".", MAX_PATH_SEGMENTS).join(".")).join());
  }
  return parseNames(cut, "expand", MAX_EXPANSIONS);
}
