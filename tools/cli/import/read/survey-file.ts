import { createHash } from "node:crypto";
import type { Entity } from "../../../../src/model/entity.ts";
import { openRows, type RowsOptions } from "./open-rows.ts";

/**
 * Reads the whole file before the import, so that nothing is written of a file whose rows cannot be told apart. Returns a
 * fingerprint of its content and of how it is read. Throws OperatorError.
 */
export async function surveyFile(entity: Entity, options: RowsOptions): Promise<string> {
  const {
    file: _,
    onChunk: _chunk,
    onNote: _note,
    columnNames: _names,
    entities: _entities,
    ...reading
  } = options;
  const hash = createHash("sha256").update(JSON.stringify(reading));
  const onChunk = (chunk: Uint8Array) => hash.update(chunk);
  const { rows } = openRows(entity, { ...options, isSurvey: true, onChunk, onNote: () => {} });
  for await (const _row of rows);
  return hash.digest("hex");
}
