import { createReadStream } from "node:fs";
import { extname } from "node:path";
import type { Entity } from "../../../src/model/entity.ts";
import { usageError } from "../exit-codes.ts";
import { decodeUtf8 } from "./decode-utf8.ts";
import { createFieldMap, type FieldMapOptions } from "./map-fields.ts";
import { readCsv } from "./read-csv.ts";
import { readJsonRows } from "./read-json-rows.ts";
import type { SourceRow } from "./source-row.ts";
import { splitJsonArray } from "./split-json-array.ts";
import { splitLines } from "./split-lines.ts";

const FORMATS = ["csv", "ndjson", "json"] as const;
type FileFormat = (typeof FORMATS)[number];

export interface RowsOptions extends FieldMapOptions {
  readonly file: string;
  /** Else what the file's name ends with. */
  readonly format: string | undefined;
  readonly delimiter: string;
  readonly unescapeFormulas: boolean;
  readonly fromErrors: boolean;
  onBytes(count: number): void;
}

export interface OpenedRows {
  /** Throws OperatorError when the file as a whole cannot be read. */
  readonly rows: AsyncIterable<SourceRow>;
  /** Fields that were left out, complete once the rows have been read. */
  readonly readOnly: ReadonlySet<string>;
}

/** The rows of a file for an entity, in constant memory. Throws OperatorError. */
export function openRows(entity: Entity, options: RowsOptions): OpenedRows {
  const fields = createFieldMap(entity, options);
  const format = formatOf(options);
  const text = decodeUtf8(readBytes(options));
  const { delimiter, unescapeFormulas, fromErrors } = options;
  const { readOnly } = fields;
  if (format === "csv") return { readOnly, rows: readCsv(text, { fields, delimiter, unescapeFormulas }) };
  const texts = format === "ndjson" ? splitLines(text) : splitJsonArray(text);
  return { readOnly, rows: readJsonRows(texts, { fields, fromErrors }) };
}

function formatOf({ file, format, fromErrors }: RowsOptions): FileFormat {
  const name = format ?? (fromErrors ? "ndjson" : extname(file).slice(1).toLowerCase());
  const found = FORMATS.find((known) => known === name);
  if (!found) throw usageError(`Cannot tell the format of ${file}: say --format ${FORMATS.join(", ")}.`);
  return found;
}

async function* readBytes({ file, onBytes }: RowsOptions): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file)) {
    onBytes(chunk.length);
    yield chunk;
  }
}
