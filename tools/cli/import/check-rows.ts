import { recordValidatorOf, type Surroundings } from "../../../src/columns/validate-record.ts";
import { newUuidV7 } from "../../../src/lib/ids.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { RefusedRow } from "./cut-batches.ts";
import type { SourceRow } from "./source-row.ts";

export interface CheckRun {
  readonly rows: AsyncIterable<SourceRow>;
  readonly entity: Entity;
  /** Rows of an upsert may be changes: what a create would miss is then no fault. */
  readonly isUpsert: boolean;
  onRefused(row: RefusedRow): void;
  onDone(counts: { readonly succeeded: number; readonly failed: number }): void;
}

/** Validates every row as the server would, as far as that needs no database: not uniqueness, not references. */
export async function checkRows({ rows, entity, isUpsert, onRefused, onDone }: CheckRun): Promise<void> {
  const validator = recordValidatorOf(entity);
  const now: Surroundings = { iso: new Date().toISOString(), generateUuid: newUuidV7 };
  for await (const { line, record, error } of rows) {
    const checked = isUpsert
      ? validator.validateUpdate(record, null, now)
      : validator.validateCreate(record, now);
    if (error) onRefused({ line, row: record, error });
    else if (!checked.ok) {
      const { details } = checked;
      const message = `Validation failed: ${details.length} error(s)`;
      onRefused({ line, row: record, error: { code: "VALIDATION_ERROR", message, details } });
    }
    const isRefused = error !== undefined || !checked.ok;
    onDone({ succeeded: isRefused ? 0 : 1, failed: isRefused ? 1 : 0 });
  }
}
