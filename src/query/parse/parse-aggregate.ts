import { badRequest } from "../../errors/api-errors.ts";
import { type AggregateAst, MEASURE_FUNCTIONS, type MeasureAst, type MeasureFunction } from "../ast.ts";
import { MAX_GROUP_KEYS, MAX_MEASURES } from "../limits.ts";
import { echo, unknownName } from "../messages.ts";
import { AGGREGATE_PARAMETERS, invalidParameter, rejectUnknownParameters } from "./parameters.ts";
import { parseFilter } from "./parse-filter.ts";
import { parseNames, parsePath } from "./parse-names.ts";
import { parseSort } from "./parse-sort.ts";

export function parseAggregate(params: URLSearchParams): AggregateAst {
  rejectUnknownParameters(params, AGGREGATE_PARAMETERS);
  const measures = params.getAll("measure");
  if (measures.length === 0)
    throw badRequest("Parameter 'measure' is missing — for example measure=count or measure=sum,total");
  if (measures.length > MAX_MEASURES)
    throw badRequest(`Parameter 'measure' is given more than ${MAX_MEASURES} times`);
  return {
    measures: measures.map(parseMeasure),
    groupBy: parseNames(params, "groupBy", MAX_GROUP_KEYS) ?? [],
    sort: parseSort(params),
    filter: parseFilter(params),
  };
}

function parseMeasure(value: string): MeasureAst {
  const [name = "", field, rest] = value.split(",", 3).map((part) => part.trim());
  if (!isMeasureFunction(name)) {
    throw unknownName(`Unknown measure ${echo(value)}`, { name, known: MEASURE_FUNCTIONS });
  }
  if (rest !== undefined) throw invalidParameter("measure", value, `${name},field`);
  if (name === "count") {
    if (field !== undefined) throw invalidParameter("measure", value, "count, without a field");
    return { function: name, path: null };
  }
  if (!field) throw invalidParameter("measure", value, `${name},field`);
  return { function: name, path: parsePath(field, "measure") };
}

const isMeasureFunction = (name: string): name is MeasureFunction =>
  MEASURE_FUNCTIONS.some((known) => known === name);
