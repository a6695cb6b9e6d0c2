import { createReadStream } from "node:fs";
import { extname } from "node:path";
import type { Entity } from "../../../../src/model/entity.ts";
import { usageError } from "../../exit-codes.ts";
import { createFieldMap, type FieldMap, type FieldMapOptions } from "../map-fields.ts";
import { decodeText } from "./decode-text.ts";
import { type CsvOptions, readCsv } from "./read-csv.ts";
import { readJsonRows } from "./read-json-rows.ts";
import type { SourceRow } from "./source-row.ts";
import { splitJsonArray } from "./split-json-array.ts";
import { splitLines } from "./split-lines.ts";

export const FILE_FORMATS = ["csv", "tsv", "ndjson", "json"] as const;
type FileFormat = (typeof FILE_FORMATS)[number];

export interface RowsOptions extends FieldMapOptions, Omit<CsvOptions, "fields"> {
  readonly file: string;
  /** Undefined: by the end of the file's name. */
  readonly format: string | undefined;
  /** A label of the Encoding Standard. Undefined: by the byte order mark, else UTF-8. */
  readonly encoding: string | undefined;
  readonly fromErrors: boolean;
  onChunk(chunk: Uint8Array): void;
}

export interface OpenedRows {
  /** Throws OperatorError when the file cannot be read. */
  readonly rows: AsyncIterable<SourceRow>;
  /** Fields that were left out; complete when all rows have been read. */
  readonly readOnly: ReadonlySet<string>;
}

/** Opens the rows of a file for an entity, in constant memory. Throws OperatorError. */
export function openRows(entity: Entity, options: RowsOptions): OpenedRows {
  const fields = createFieldMap(entity, options);
  const format = formatOf(options);
  const text = decodeText(readBytes(options), options.encoding);
  return { readOnly: fields.readOnly, rows: rowsOf(text, { ...options, fields, format }) };
}

type Reading = RowsOptions & { readonly fields: FieldMap; readonly format: FileFormat };

function rowsOf(text: AsyncIterable<string>, reading: Reading): AsyncIterable<SourceRow> {
  const { format, delimiter, file } = reading;
  if (format === "csv") return readCsv(text, reading);
  if (format === "tsv") return readCsv(text, { ...reading, delimiter: delimiter ?? "\t" });
  if (format === "json") return readJsonRows(splitJsonArray(text), reading);
  return requireSome(readJsonRows(splitLines(text), reading), file);
}

/** Throws OperatorError for NDJSON without rows: unlike `[]`, an empty file is likely a mistake. */
async function* requireSome(rows: AsyncIterable<SourceRow>, file: string): AsyncGenerator<SourceRow> {
  let isEmpty = true;
  for await (const row of rows) {
    isEmpty = false;
    yield row;
  }
  if (isEmpty) throw usageError(`${file} holds no rows.`);
}

function formatOf({ file, format, fromErrors }: RowsOptions): FileFormat {
  const name = format ?? (fromErrors ? "ndjson" : extname(file).slice(1).toLowerCase());
  const found = FILE_FORMATS.find((known) => known === name);
  if (!found)
    throw usageError(`Cannot tell the format of ${file}: give --format ${FILE_FORMATS.join(", ")}.`);
  return found;
}

async function* readBytes({ file, onChunk }: RowsOptions): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file)) {
    onChunk(chunk);
    yield chunk;
  }
}
