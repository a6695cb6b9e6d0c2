import type { ExportAst, ListAst, ViewAst } from "../ast.ts";
import {
  EXPORT_PARAMETERS,
  invalidParameter,
  LIST_PARAMETERS,
  RECORD_PARAMETERS,
  rejectUnknownParameters,
  singleParameter,
} from "./parameters.ts";
import { parseFilter } from "./parse-filter.ts";
import { parseFlag } from "./parse-flag.ts";
import { parsePage } from "./parse-page.ts";
import { parseSort } from "./parse-sort.ts";
import { parseFields, parseView } from "./parse-view.ts";

export function parseList(params: URLSearchParams): ListAst {
  rejectUnknownParameters(params, LIST_PARAMETERS);
  return {
    page: parsePage(params),
    sort: parseSort(params),
    filter: parseFilter(params),
    view: parseView(params),
  };
}

export function parseRecordView(params: URLSearchParams): ViewAst {
  rejectUnknownParameters(params, RECORD_PARAMETERS);
  return parseView(params);
}

export function parseExport(params: URLSearchParams): ExportAst {
  rejectUnknownParameters(params, EXPORT_PARAMETERS);
  const format = singleParameter(params, "format") ?? "csv";
  if (format !== "csv" && format !== "ndjson") throw invalidParameter("format", format, "csv or ndjson");
  return {
    format,
    escapesFormulas: parseFlag(params, "escapeFormulas", true),
    sort: parseSort(params),
    filter: parseFilter(params),
    fields: parseFields(params),
  };
}
