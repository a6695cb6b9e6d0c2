import { recordValidatorOf, type ValidationContext } from "../../../src/columns/validate-record.ts";
import { validationFailed } from "../../../src/errors/api-errors.ts";
import { errorBody } from "../../../src/errors/envelope.ts";
import { newUuidV7 } from "../../../src/lib/ids.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { ErrorBody } from "../api/api-error.ts";
import { naturalKeyIn } from "./map-fields.ts";
import type { RefusedRow, SourceRow } from "./read/source-row.ts";

export interface CheckRun {
  readonly rows: AsyncIterable<SourceRow>;
  readonly entity: Entity;
  /** Whether rows may be updates, which can leave required fields out. */
  readonly isUpsert: boolean;
  /** Whether fields that the server sets are sent. */
  readonly keepsTimestamps: boolean;
  onRefused(row: RefusedRow): void;
  onChecked(isValid: boolean): void;
}

/** Validates every row as the server would, without a database: unique values and references are not checked. */
export async function checkRows({ rows, entity, onRefused, onChecked, ...run }: CheckRun): Promise<void> {
  const { isUpsert, keepsTimestamps } = run;
  const validator = recordValidatorOf(entity);
  const now: ValidationContext = {
    iso: new Date().toISOString(),
    generateUuid: newUuidV7,
    takesTimestamps: keepsTimestamps,
  };
  const validate = ({ record }: SourceRow): ErrorBody | undefined => {
    const context = { ...now, computed: namedIn(record) };
    const checked = isUpsert
      ? validator.validateUpdate(record, undefined, context)
      : validator.validateCreate(record, context);
    return checked.ok ? undefined : errorBody(validationFailed(checked.details));
  };
  for await (const row of rows) {
    const error = row.error ?? validate(row);
    const { record, ...place } = row;
    if (error) onRefused({ ...place, row: record, error });
    onChecked(!error);
  }
}

/** References that name their record by a key, which only the database can look up. */
const namedIn = (record: JsonObject) =>
  new Map(Object.entries(record).flatMap(([field, value]) => (naturalKeyIn(value) ? [[field, []]] : [])));
