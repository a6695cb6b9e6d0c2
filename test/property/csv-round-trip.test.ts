import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { encodeCsvHeader, encodeCsvRecords } from "../../src/query/export/encode-csv.ts";
import { BOOLEAN_WORDS } from "../../tools/cli/import/convert-cell.ts";
import { createFieldMap } from "../../tools/cli/import/map-fields.ts";
import { readCsv } from "../../tools/cli/import/read/read-csv.ts";
import { columnValues } from "../support/column-values.ts";
import { entityOf } from "../support/columns.ts";

async function* whole(text: string): AsyncGenerator<string> {
  yield text;
}

async function readBack(entity: ReturnType<typeof entityOf>, text: string, unescapeFormulas: boolean) {
  const plain = {
    map: [],
    ignoreUnknown: false,
    keepTimestamps: false,
    columnNames: new Map(),
    entities: new Map(),
  };
  const rows: JsonObject[] = [];
  const options = { delimiter: undefined, booleans: BOOLEAN_WORDS, unescapeFormulas, onNote: () => {} };
  for await (const row of readCsv(whole(text), { ...options, fields: createFieldMap(entity, plain) })) {
    expect(row.error).toBeUndefined();
    rows.push(row.record);
  }
  return rows;
}

describe("records as CSV, read back", () => {
  it.each(columnValues.map(({ definition, values }) => [definition.type, definition, values] as const))(
    "are the same, alone in their file or not: %s",
    async (_, definition, values) => {
      const entity = entityOf({ name: "Thing", columns: [definition, { name: "other", type: "TEXT" }] });
      const all = entity.columns.filter(({ name }) => name !== "id");
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(values), { maxLength: 8 }),
          fc.boolean(),
          fc.boolean(),
          async (list, escapesFormulas, isAlone) => {
            const columns = isAlone ? all.slice(0, 1) : all;
            const records = list.map((value) => ({
              [definition.name]: value,
              ...(!isAlone && { other: null }),
            }));
            const text = encodeCsvHeader(columns) + encodeCsvRecords(columns, records, { escapesFormulas });
            expect(await readBack(entity, text, escapesFormulas)).toEqual(records);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
