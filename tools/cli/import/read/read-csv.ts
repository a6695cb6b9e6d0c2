import type { Column } from "../../../../src/model/column.ts";
import type { JsonValue } from "../../../../src/model/json.ts";
import { usageError } from "../../exit-codes.ts";
import { type CellOptions, convertCell } from "../convert-cell.ts";
import type { FieldMap } from "../map-fields.ts";
import { guessDelimiter, peekHeader } from "./guess-delimiter.ts";
import { type CsvRecord, scanCsv } from "./scan-csv.ts";
import { type SourceRow, unreadable } from "./source-row.ts";

export interface CsvOptions extends CellOptions {
  readonly fields: FieldMap;
  /** One character; undefined means to guess it from the header line. */
  readonly delimiter: string | undefined;
  /** Whether to check the header and the structure only, and to yield no rows. */
  readonly isSurvey?: boolean;
  /** Receives what was guessed, for the user. */
  onNote(note: string): void;
}

/** Reads the rows of a CSV file with a header line. Throws OperatorError for unknown headers. */
export async function* readCsv(
  pieces: AsyncIterable<string>,
  options: CsvOptions,
): AsyncGenerator<SourceRow> {
  let toRow: ((record: CsvRecord) => SourceRow | undefined) | undefined;
  for await (const record of openRecords(pieces, options)) {
    if (toRow && options.isSurvey) continue;
    if (toRow) {
      const row = toRow(record);
      if (row) yield row;
    } else if (!isBlankLine(record)) toRow = rowReader(record, options);
  }
  if (!toRow) throw usageError("The CSV has no header line.");
}

async function* openRecords(pieces: AsyncIterable<string>, options: CsvOptions): AsyncGenerator<CsvRecord> {
  if (options.delimiter !== undefined) return yield* scanCsv(pieces, options.delimiter);
  const peeked = await peekHeader(pieces);
  const delimiter = guessDelimiter(peeked.head, options.fields);
  if (delimiter !== ",") options.onNote(`The cells are separated by ${nameOf(delimiter)}.`);
  yield* scanCsv(peeked.pieces, delimiter);
}

const nameOf = (delimiter: string) => (delimiter === "\t" ? "tabs" : `'${delimiter}'`);

const isBlankLine = ({ cells }: CsvRecord) => cells.length === 1 && cells[0] === null;

type Field = { readonly column: Column; readonly at: number };

/** Returns a function that reads rows. A blank line is skipped; in a file of one column it is a row with null. */
function rowReader({ cells: headers, problem }: CsvRecord, options: CsvOptions) {
  if (problem !== undefined) throw usageError(`The header line cannot be read: ${problem}.`);
  const columns = readHeaders(headers, options);
  return (record: CsvRecord): SourceRow | undefined => {
    if (record.problem !== undefined) return brokenRow(record, record.problem);
    if (headers.length > 1 && isBlankLine(record)) return undefined;
    const { values, details } = readCells(record, { columns, options });
    const row = { line: record.line, record: Object.fromEntries(values) };
    if (record.cells.length !== headers.length) {
      const message = `The row has ${record.cells.length} cells, the header has ${headers.length}`;
      return { ...row, error: unreadable(message) };
    }
    if (details.length === 0) return row;
    const message = `Validation failed: ${details.length} error(s)`;
    return { ...row, error: { code: "VALIDATION_ERROR", message, details } };
  };
}

const brokenRow = ({ line, cells: [text = null] }: CsvRecord, problem: string): SourceRow => ({
  line,
  record: { text },
  error: unreadable(problem),
});

function readCells(
  { cells }: CsvRecord,
  { columns, options }: { readonly columns: readonly Field[]; readonly options: CellOptions },
) {
  const values: [string, JsonValue][] = [];
  const details: { field: string; message: string }[] = [];
  for (const { column, at } of columns) {
    const cell = cells[at] ?? null;
    const converted = convertCell(cell, column, options);
    if ("message" in converted) details.push({ field: column.name, message: converted.message });
    /* A cell that does not convert keeps its text, for the user to correct. */
    const value = "message" in converted ? cell : converted.value;
    if (value !== undefined) values.push([column.name, value]);
  }
  return { values, details };
}

function readHeaders(headers: CsvRecord["cells"], { fields, onNote }: CsvOptions): readonly Field[] {
  const found = headers.map((header, at) => ({ header, at, column: columnOf(header ?? "", fields) }));
  const unknown = found.filter(({ column }) => column === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(({ header }) => `'${header ?? ""}'`).join(", ");
    throw usageError(
      `No field for ${names}: give --map header=field, or --ignore-unknown to leave them out.`,
    );
  }
  const columns = found.flatMap(({ header, column, at }) => {
    return typeof column === "object" ? [{ header, column, at }] : [];
  });
  const names = columns.map(({ column }) => column.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw usageError(`Two columns of the file mean the field '${twice}'.`);
  for (const { header, column } of columns) {
    if (fields.columnOf(header ?? "") !== column) onNote(`The header '${header}' is read as ${column.name}.`);
  }
  return columns;
}

function columnOf(header: string, fields: FieldMap) {
  const guessed = fields.guess(header);
  return guessed ?? fields.columnOf(header);
}
