import { type Parts, resolved } from "../../../test/support/find-operation.ts";
import { hostileJson, hostileTexts } from "./hostile-values.ts";
import type { Random } from "./random.ts";

/** Values of other workspaces that nobody may reach from here. */
export interface Foreign {
  readonly ids: readonly (string | number)[];
  readonly cursors: readonly string[];
  /** Values of headers: entity tags, and Idempotency-Keys that were used there. */
  readonly headers: readonly string[];
}

/** The sources of values: a document's schemas, and ids of existing records. */
export interface Grammar {
  readonly document: Parts;
  readonly random: Random;
  /** Ids of created records. */
  readonly ids: readonly (string | number)[];
  readonly foreign: Foreign;
  /** How often a part of a value differs from its schema. */
  readonly mutation: number;
}

const MAX_DEPTH = 8;
const ID_SHARE = 0.3;
const FOREIGN_SHARE = 0.1;

/** JSON text for a schema, with parts that violate it. Text, because no parser would produce some of it. */
export function generateJson(grammar: Grammar, part: Parts | undefined, depth = 0): string {
  const { random, document, mutation } = grammar;
  if (random.chance(mutation)) return hostile(random);
  const schema = resolved(document, part) ?? {};
  const { oneOf, anyOf: chosen = oneOf, ...rest } = schema;
  if (schema.allOf) return generateJson(grammar, merged(document, schema), depth + 1);
  if (chosen)
    return generateJson(grammar, merged(document, { allOf: [rest, random.pick(chosen)] }), depth + 1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return JSON.stringify(random.pick(schema.enum));
  const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
  switch (depth > MAX_DEPTH ? "null" : type) {
    case "object":
      return objectOf(grammar, schema, depth);
    case "array":
      return `[${many(grammar, schema, depth).join(",")}]`;
    case "string":
      return JSON.stringify(
        schema.format === "uuid" && random.chance(ID_SHARE) ? idOf(grammar) : textOf(random, schema),
      );
    case "integer":
      return random.chance(ID_SHARE) ? JSON.stringify(idOf(grammar)) : String(numberOf(random, schema, 0));
    case "number":
      return String(numberOf(random, schema, 3));
    case "boolean":
      return String(random.chance(0.5));
    default:
      return "null";
  }
}

export const hostile = (random: Random): string =>
  random.chance(0.5) ? random.pick(hostileJson) : JSON.stringify(random.pick(hostileTexts));

/** The id of a record here or, sometimes, elsewhere. */
export function idOf({ random, ids, foreign }: Grammar): string | number {
  return random.pick(ids.length > 0 && !random.chance(FOREIGN_SHARE) ? ids : foreign.ids);
}

/** One schema from several, good enough for mostly correct values. */
function merged(document: Parts, { allOf, ...rest }: Parts): Parts {
  const all: Parts[] = [...allOf.map((part: Parts) => resolved(document, part) ?? {}), rest];
  return {
    ...Object.assign({}, ...all),
    properties: Object.assign({}, ...all.map(({ properties }) => properties)),
    required: all.flatMap(({ required = [] }) => required),
  };
}

function objectOf(grammar: Grammar, schema: Parts, depth: number): string {
  const { random, mutation } = grammar;
  const required: readonly string[] = schema.required ?? [];
  const members = Object.entries((schema.properties ?? {}) as Parts)
    .filter(([name, { readOnly }]) => !readOnly && (required.includes(name) || random.chance(0.6)))
    .filter(() => !random.chance(mutation / 2))
    .map(([name, part]) => `${JSON.stringify(name)}:${generateJson(grammar, part, depth + 1)}`);
  const hasOthers = typeof schema.additionalProperties === "object" && random.chance(0.5);
  if (hasOthers)
    members.push(`"X-${random.below(9)}":${generateJson(grammar, schema.additionalProperties, depth + 1)}`);
  if (random.chance(mutation))
    members.push(`${JSON.stringify(random.pick(hostileTexts))}:${hostile(random)}`);
  if (random.chance(mutation / 4) && members[0]) members.push(members[0]);
  return `{${members.join(",")}}`;
}

function many(grammar: Grammar, schema: Parts, depth: number): readonly string[] {
  const { random } = grammar;
  const most = random.chance(0.01) ? 120 : 4;
  const count = Math.max(schema.minItems ?? 0, random.below(most));
  return Array.from({ length: count }, () => generateJson(grammar, schema.items, depth + 1));
}

function numberOf(
  random: Random,
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Parts,
  digits: number,
): number {
  const least = minimum ?? (exclusiveMinimum === undefined ? -1000 : exclusiveMinimum + 1);
  const most = maximum ?? (exclusiveMaximum === undefined ? least + 2000 : exclusiveMaximum - 1);
  if (random.chance(0.2)) return random.pick([least, most, least - 1, most + 1]);
  return Number((least + random.next() * (most - least)).toFixed(digits));
}

const samples: Readonly<Record<string, readonly string[]>> = {
  date: ["2026-01-31", "1970-01-01", "9999-12-31", "2024-02-29"],
  "date-time": ["2026-01-31T23:59:59.999Z", "2026-06-01T12:00:00+02:00", "1970-01-01T00:00:00Z"],
  time: ["00:00:00", "23:59:59"],
  uuid: ["7d444840-9dc0-11d1-b245-5ffdce74fad2", "00000000-0000-4000-8000-000000000000"],
  email: ["someone@example.com"],
  iri: ["https://receiver.invalid/path?x=1"],
};

export function textOf(random: Random, { format, minLength = 0, maxLength = 40, pattern }: Parts): string {
  const known = samples[format] ?? (pattern ? samplesOfPatterns : undefined);
  if (known && random.chance(0.9)) return random.pick(known);
  const length = Math.min(minLength + random.below(12), maxLength);
  return Array.from({ length }, () => random.pick(LETTERS)).join("");
}

const LETTERS = [..."abcXYZ019 _-.äß漢😀"];
/** One text for each kind of pattern in the API: names, slugs, numbers, ids. */
const samplesOfPatterns = [
  "Name",
  "name",
  "a-slug",
  "12.50",
  "-3",
  "some_table",
  "key_1",
  "Customer",
  "Order",
];
