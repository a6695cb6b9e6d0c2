import { compileFieldRule } from "../columns/field-rule.ts";
import type { Column, ColumnTypeName } from "../model/column.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";

const TEXTS = ["text", "Text", "A1", "1", "ann@example.com", "https://example.com", "TEXT", "a", "A"];
const NUMBERS = [1, 10, 100, 1000, 0, -1, 0.5];
/** What a column's rules may ask for; the first that they accept is the sample. */
const CANDIDATES: Readonly<Record<Exclude<ColumnTypeName, "ENUM">, readonly JsonValue[]>> = {
  VARCHAR: TEXTS,
  TEXT: TEXTS,
  INTEGER: NUMBERS,
  BIGINT: ["1", "1000", "0", "-1"],
  DECIMAL: NUMBERS,
  DOUBLE: NUMBERS,
  BOOLEAN: [true],
  DATE: ["2025-06-30", "2999-12-31"],
  TIME: ["12:30:00"],
  DATETIME: ["2025-06-30T12:30:00.000Z", "2999-12-31T12:30:00.000Z"],
  UUID: ["0197c5a0-7d1e-7000-8000-000000000001"],
  JSON: [{ key: "value" }],
};
/** A longer text than this would be no help in a document. */
const LONGEST_SAMPLE = 1_000;
/** What is past and what is future is so for a sample too; its document must not change with the time. */
const NOW = { iso: "2026-01-01T00:00:00.000Z" };

/** A body with these columns that their own rules accept; undefined when there is a rule that no candidate keeps. */
export function sampleRecord(columns: readonly Column[]): JsonObject | undefined {
  const record: Record<string, JsonValue> = {};
  for (const column of columns) {
    const sample = sampleOf(column);
    if (sample === undefined) return undefined;
    record[column.name] = sample;
  }
  return record;
}

function sampleOf(column: Column): JsonValue | undefined {
  const rule = compileFieldRule(column);
  return candidatesFor(column).find((candidate) => "value" in rule.read(candidate, NOW));
}

const sampleText = (length: number) => "text ".repeat(length).slice(0, length);

function candidatesFor(column: Column): readonly JsonValue[] {
  if (column.type === "ENUM") return column.values ?? [];
  const known = CANDIDATES[column.type];
  const bounds = column.constraints.flatMap(({ value }) => (typeof value === "number" ? [value] : []));
  if (known === NUMBERS) return [...known, ...bounds, ...bounds.flatMap((each) => [each + 1, each - 1])];
  if (known === TEXTS)
    return [...known, ...bounds.filter((length) => length <= LONGEST_SAMPLE).map(sampleText)];
  return known;
}
