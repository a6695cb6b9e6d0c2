import { patternForEcmaScript } from "../columns/constraints/pattern-for-ecmascript.ts";
import { checkEntityConstraints } from "../columns/entity-constraints.ts";
import { compileFieldRule } from "../columns/field-rule.ts";
import type { Column, ColumnConstraint, ColumnTypeName } from "../model/column.ts";
import type { EntityConstraint } from "../model/entity.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";

const TEXTS = ["text", "Text", "A1", "1", "ann@example.com", "https://example.com", "TEXT", "a", "A"];
const NUMBERS = [1, 10, 100, 1000, 0, -1, 0.5];
/** Candidates for a sample. The first that satisfies the column's rules is the sample. */
const CANDIDATES: Readonly<Record<Exclude<ColumnTypeName, "ENUM">, readonly JsonValue[]>> = {
  VARCHAR: TEXTS,
  TEXT: TEXTS,
  INTEGER: NUMBERS,
  BIGINT: ["1", "1000", "0", "-1"],
  DECIMAL: NUMBERS,
  DOUBLE: NUMBERS,
  BOOLEAN: [true, false],
  DATE: ["2025-06-30", "2025-07-31", "2025-05-31", "2999-12-31"],
  TIME: ["12:30:00", "13:30:00", "11:30:00"],
  DATETIME: [
    "2025-06-30T12:30:00.000Z",
    "2025-07-31T12:30:00.000Z",
    "2025-05-31T12:30:00.000Z",
    "2999-12-31T12:30:00.000Z",
  ],
  UUID: ["0197c5a0-7d1e-7000-8000-000000000001", "0197c5a0-7d1e-7000-8000-000000000002"],
  JSON: [{ key: "value" }],
};
/** A longer text would not help readers of a document. */
const LONGEST_SAMPLE = 1_000;
/** A fixed time, because the document must not change with the current time. */
const NOW = { iso: "2026-01-01T00:00:00.000Z" };
/** How many combinations of candidates are tried against rules over several fields. */
const MOST_TRIES = 1_000;

interface Rules {
  /** A sample of all columns; absent fields have their defaults. */
  readonly columns: readonly Column[];
  readonly constraints: readonly EntityConstraint[];
}

interface Choice {
  readonly column: Column;
  readonly json: JsonValue;
  readonly stored: SqlValue;
}

/**
 * A body with these columns that satisfies their rules and the entity's rules over several fields. Undefined if no
 * candidates do.
 */
export function sampleRecord(columns: readonly Column[], rules?: Rules): JsonObject | undefined {
  const choices = columns.map(choicesOf);
  if (choices.some(({ length }) => length === 0)) return undefined;
  const isKept = rules ? keeperOf(rules) : () => true;
  let tries = 0;
  const search = (chosen: readonly Choice[]): readonly Choice[] | undefined => {
    const next = choices[chosen.length];
    if (!next) return ++tries <= MOST_TRIES && isKept(chosen) ? chosen : undefined;
    for (const choice of next) {
      const found = tries < MOST_TRIES ? search([...chosen, choice]) : undefined;
      if (found) return found;
    }
    return undefined;
  };
  const found = search([]);
  return found && Object.fromEntries(found.map(({ column, json }) => [column.name, json]));
}

function keeperOf({ columns, constraints }: Rules): (chosen: readonly Choice[]) => boolean {
  const columnByName = new Map(columns.map((column) => [column.name, column]));
  const unsent = columns.map((column) => [column, defaultOf(column)] as const);
  return (chosen) => {
    const sent = chosen.map(({ column, stored }) => [column, stored] as const);
    return checkEntityConstraints({ columnByName, constraints }, new Map([...unsent, ...sent])).length === 0;
  };
}

function defaultOf(column: Column): SqlValue {
  const read = compileFieldRule(column).read(column.default ?? null, NOW);
  return "value" in read ? read.value : null;
}

function choicesOf(column: Column): readonly Choice[] {
  const rule = compileFieldRule(column);
  return candidatesFor(column).flatMap((json) => {
    const read = rule.read(json, NOW);
    return "value" in read ? [{ column, json, stored: read.value }] : [];
  });
}

const sampleText = (length: number) => "text ".repeat(length).slice(0, length);

function candidatesFor(column: Column): readonly JsonValue[] {
  if (column.type === "ENUM") return column.values ?? [];
  const known = CANDIDATES[column.type];
  const { constraints } = column;
  const bounds = constraints.flatMap(({ value }) => (Number.isFinite(Number(value)) ? [Number(value)] : []));
  if (known === NUMBERS) return [...known, ...bounds, ...bounds.flatMap((each) => [each + 1, each - 1])];
  const given = constraints.flatMap(({ value }) => (value === undefined ? [] : [String(value)]));
  if (known !== TEXTS) return [...known, ...given];
  const lengths = bounds.filter((length) => length >= 0 && length <= LONGEST_SAMPLE);
  return [...known, ...lengths.map(sampleText), ...constraints.flatMap(matchesOf)];
}

/** Texts for a pattern, of growing length. */
function matchesOf({ type, value }: ColumnConstraint): readonly string[] {
  const pattern = type === "PATTERN" ? patternForEcmaScript(String(value)) : undefined;
  const texts = pattern ? [0, 1, 2, 5, 10, 20].map((more) => pattern.text(more)) : [];
  return texts.filter((text) => text.length <= LONGEST_SAMPLE);
}
