import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import type { Column } from "../../../src/model/column.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { usageError } from "../exit-codes.ts";
import { convertCell } from "./convert-cell.ts";
import type { FieldMap } from "./map-fields.ts";
import { type SourceRow, unreadable } from "./source-row.ts";

/** More than the largest body, so that a lost quote is found before it has eaten the file. */
const MAX_RECORD_CHARACTERS = 2 * 1024 * 1024;

/** Null for nothing between the commas, which is not `""`. */
type Cells = readonly (string | null)[];

interface ParsedRecord {
  readonly record: Cells;
  /** `lines`: where the record ends. */
  readonly info: { readonly lines: number };
}

export interface CsvOptions {
  readonly fields: FieldMap;
  /** One character. */
  readonly delimiter: string;
  /** Whether texts lose the apostrophe that an export puts before what looks like a formula. */
  readonly unescapeFormulas: boolean;
}

/** Rows of a CSV file whose first line names the columns. Throws OperatorError for headers that mean nothing. */
export async function* readCsv(
  pieces: AsyncIterable<string>,
  options: CsvOptions,
): AsyncGenerator<SourceRow> {
  let toRow: ((cells: Cells, line: number) => SourceRow) | undefined;
  let next = 1;
  try {
    for await (const { record, info } of parseRecords(pieces, options.delimiter)) {
      const line = info.lines > next ? info.lines - countBreaks(record) : next;
      if (toRow) yield toRow(record, line);
      else toRow = rowReader(record, options);
      next = info.lines + 1;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw usageError(`The CSV cannot be read from line ${next} on: ${error.message}`);
  }
}

function parseRecords(pieces: AsyncIterable<string>, delimiter: string): AsyncIterable<ParsedRecord> {
  const parser = parse({
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
  pipeline(Readable.from(pieces), parser, () => {});
  return parser;
}

const countBreaks = (cells: Cells): number =>
  cells.reduce((count, cell) => count + (cell?.split("\n").length ?? 1) - 1, 0);

type Field = { readonly column: Column; readonly at: number };

function rowReader(headers: Cells, { fields, unescapeFormulas }: CsvOptions) {
  const columns = readHeaders(headers, fields);
  return (cells: Cells, line: number): SourceRow => {
    const values: [string, JsonValue][] = [];
    const details: { field: string; message: string }[] = [];
    for (const { column, at } of columns) {
      const cell = cells[at] ?? null;
      const converted = convertCell(unescapeFormulas ? unescapeFormula(cell) : cell, column);
      if ("message" in converted) details.push({ field: column.name, message: converted.message });
      /* What does not convert stays as it stands, for people to correct. */
      const value = "message" in converted ? cell : converted.value;
      if (value !== undefined) values.push([column.name, value]);
    }
    const row = { line, record: Object.fromEntries(values) };
    if (cells.length !== headers.length) {
      const message = `The row has ${cells.length} cells, the header has ${headers.length}`;
      return { ...row, error: unreadable(message) };
    }
    if (details.length === 0) return row;
    const message = `Validation failed: ${details.length} error(s)`;
    return { ...row, error: { code: "VALIDATION_ERROR", message, details } };
  };
}

function readHeaders(headers: Cells, fields: FieldMap): readonly Field[] {
  const found = headers.map((header, at) => ({ header, at, column: fields.columnOf(header ?? "") }));
  const unknown = found.filter(({ column }) => column === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(({ header }) => `'${header ?? ""}'`).join(", ");
    throw usageError(`No field for ${names}: say --map header=field, or --ignore-unknown to leave them out.`);
  }
  const columns = found.flatMap(({ column, at }) => (typeof column === "object" ? [{ column, at }] : []));
  const names = columns.map(({ column }) => column.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw usageError(`Two columns of the file mean the field '${twice}'.`);
  return columns;
}

const unescapeFormula = (cell: string | null): string | null =>
  cell !== null && /^'[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
