import { createHash } from "node:crypto";
import type { Entity } from "../../../src/model/entity.ts";
import { openRows, type RowsOptions } from "./open-rows.ts";

/**
 * Reads the file once to its end, so that an import writes nothing of a file whose rows cannot be told apart. Returns
 * what tells this import from another: what the file holds, and how it is read. Throws OperatorError.
 */
export async function surveyFile(entity: Entity, options: RowsOptions): Promise<string> {
  const { file: _, onChunk: _chunk, onNote: _note, columnNames: _names, ...reading } = options;
  const hash = createHash("sha256").update(JSON.stringify(reading));
  const onChunk = (chunk: Uint8Array) => hash.update(chunk);
  const { rows } = openRows(entity, { ...options, onChunk, onNote: () => {} });
  for await (const _row of rows);
  return hash.digest("hex");
}
