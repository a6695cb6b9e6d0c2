import { badRequest } from "../../errors/api-errors.ts";
import type { Direction, NullsOrder, SortTermAst } from "../ast.ts";
import { MAX_SORT_KEYS } from "../limits.ts";
import { echo } from "../messages.ts";
import { invalidParameter } from "./parameters.ts";
import { parsePath } from "./parse-names.ts";

/** Each `sort=field[,asc|desc[,nullsFirst|nullsLast]]`, in order. */
export function parseSort(params: URLSearchParams): readonly SortTermAst[] {
  const values = params.getAll("sort");
  if (values.length > MAX_SORT_KEYS) {
    throw badRequest(`Parameter 'sort' is given ${values.length} times — at most ${MAX_SORT_KEYS} keys`);
  }
  return values.map(parseTerm);
}

function parseTerm(value: string): SortTermAst {
  const [name = "", direction = "asc", nulls = null, rest] = value.split(",", 4).map((part) => part.trim());
  if (name === "") throw invalidParameter("sort", value, "field, or field,asc|desc");
  if (!isDirection(direction)) {
    throw badRequest(
      `Unknown sort direction ${echo(direction)} in sort=${value.slice(0, 100)} — use asc or desc`,
    );
  }
  if (nulls !== null && !isNullsOrder(nulls)) {
    throw badRequest(
      `Unknown sort option ${echo(nulls)} in sort=${value.slice(0, 100)} — use nullsFirst or nullsLast`,
    );
  }
  if (rest !== undefined) throw invalidParameter("sort", value, "field,asc|desc,nullsFirst|nullsLast");
  return { path: parsePath(name, "sort"), direction, nulls };
}

const isDirection = (text: string): text is Direction => text === "asc" || text === "desc";
const isNullsOrder = (text: string): text is NullsOrder => text === "nullsFirst" || text === "nullsLast";
