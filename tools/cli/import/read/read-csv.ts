import type { JsonValue } from "../../../../src/model/json.ts";
import { usageError } from "../../exit-codes.ts";
import { type CellOptions, convertCell } from "../convert-cell.ts";
import { type FieldMap, fieldsOf, type MappedColumn } from "../map-fields.ts";
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

type Field = { readonly field: MappedColumn; readonly at: number };

/** Returns a function that reads rows. A blank line is skipped; in a file of one column it is a row with null. */
function rowReader({ cells: headers, problem }: CsvRecord, options: CsvOptions) {
  if (problem !== undefined) throw usageError(`The header line cannot be read: ${problem}.`);
  const columns = readHeaders(headers, options);
  return (record: CsvRecord): SourceRow | undefined => {
    if (record.problem !== undefined) return brokenRow(record, record.problem);
    if (headers.length > 1 && isBlankLine(record)) return undefined;
    const { values, details } = readCells(record, { columns, options });
    const row = { line: record.line, record: fieldsOf(values) };
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
  const values: [MappedColumn, JsonValue | undefined][] = [];
  const details: { field: string; message: string }[] = [];
  for (const { field, at } of columns) {
    const cell = cells[at] ?? null;
    const converted = convertCell(cell, field.column, options);
    if ("message" in converted) details.push({ field: field.name, message: converted.message });
    /* A cell that does not convert keeps its text, for the user to correct. */
    values.push([field, "message" in converted ? cell : converted.value]);
  }
  return { values, details };
}

function readHeaders(headers: CsvRecord["cells"], { fields, onNote }: CsvOptions): readonly Field[] {
  const found = headers.map((header, at) => ({ header, at, field: columnOf(header ?? "", fields) }));
  const unknown = found.filter(({ field }) => field === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(({ header }) => `'${header ?? ""}'`).join(", ");
    throw usageError(
      `No field for ${names}: give --map header=field, or --ignore-unknown to leave them out.`,
    );
  }
  const columns = found.flatMap(({ header, field, at }) => {
    return typeof field === "object" ? [{ header, field, at }] : [];
  });
  const names = columns.map(({ field }) => field.name);
  const isTwice = ({ name, reference }: MappedColumn, i: number) =>
    names.indexOf(name) < i || (reference !== undefined && names.includes(reference.name));
  const twice = columns.find(({ field }, i) => isTwice(field, i))?.field;
  if (twice)
    throw usageError(`Two columns of the file mean the field '${twice.reference?.name ?? twice.name}'.`);
  for (const { header, field } of columns) {
    if (fields.columnOf(header ?? "") !== field) onNote(`The header '${header}' is read as ${field.name}.`);
  }
  return columns;
}

function columnOf(header: string, fields: FieldMap) {
  const guessed = fields.guess(header);
  return guessed ?? fields.columnOf(header);
}
