import { expect } from "vitest";
import { type Parts, resolved } from "../find-operation.ts";
import { validatorOf } from "./validator-of.ts";

/* Bodies made from a document: a right one with one property replaced by each of many values. */

const TEXTS = ["", " ", "a", "A1", "a b", "a.b", "1", "\0", "\ud800", "ü", "2026-01-01T00:00:00Z"];

const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 61, 1e15],
  ...TEXTS,
  ...[64, 101, 201, 1_001].map((length) => "x".repeat(length)),
  ...[[], [null], [1], ["a"], ["a", "a"], [""], ["\0"], [{}], {}, { a: 1 }, { a: "b" }],
];

export interface GeneratedBody {
  /** A right body, different each time if something in it must be unique. */
  readonly base: () => Parts;
  readonly send: (body: Parts) => Promise<{ readonly status: number; readonly text: string }>;
  /** Where the replaced properties are: `scopes.0`. */
  readonly at?: string;
  /** Values that are tried too, by property. */
  readonly values?: Readonly<Record<string, readonly unknown[]>>;
  /** A refusal of what no schema can say. */
  readonly beyond?: RegExp;
}

/** The properties and values for which the document and the API differ. */
export async function differencesOf(
  document: Parts,
  schema: Parts,
  body: GeneratedBody,
): Promise<readonly unknown[]> {
  const { base, send, at = "", values = {}, beyond } = body;
  const path = at.split(".").filter(Boolean);
  const isValid = validatorOf(document, schema);
  const right = base();
  expect(isValid(right), JSON.stringify(right)).toBe(true);
  const sent = await send(right);
  expect(sent.status, sent.text).toBeLessThan(300);
  const properties = propertiesOf(document, [schema], path);
  expect(properties.length).toBeGreaterThan(0);
  const differing: unknown[] = [];
  for (const property of [...properties, "unknown"])
    for (const value of [...VALUES, ...(values[property] ?? [])]) {
      const changed = withValue(base(), [...path, property], value);
      const isDescribed = isValid(changed);
      const answer = await send(changed);
      expect(answer.status, answer.text).toBeLessThan(500);
      if (answer.status < 300 === isDescribed || [409, 412].includes(answer.status)) continue;
      if (isDescribed && beyond?.test(answer.text)) continue;
      // No pattern can say what a half of a surrogate pair is.
      if (isDescribed && JSON.stringify(value).includes("\\ud800")) continue;
      differing.push([property, value, isDescribed, answer.status, answer.text.slice(0, 150)]);
    }
  return differing;
}

function withValue(body: Parts, [first = "", ...rest]: readonly string[], value: unknown): Parts {
  const copy: Parts = Array.isArray(body) ? [...body] : { ...body };
  copy[first] = rest.length === 0 ? value : withValue(copy[first] ?? {}, rest, value);
  return copy;
}

/** The properties of the schemas at a path, parts of them included. */
function propertiesOf(
  document: Parts,
  schemas: readonly Parts[],
  path: readonly string[],
): readonly string[] {
  const parts = schemas.flatMap((schema) => partsOf(document, schema));
  const [first, ...rest] = path;
  if (first === undefined)
    return [...new Set(parts.flatMap(({ properties = {} }) => Object.keys(properties)))];
  const below = parts.flatMap(({ items, properties }) => [/^\d+$/.test(first) ? items : properties?.[first]]);
  return propertiesOf(document, below.filter(Boolean), rest);
}

function partsOf(document: Parts, schema: Parts): readonly Parts[] {
  const found = resolved(document, schema) ?? {};
  const parts: readonly Parts[] = [...(found.allOf ?? []), ...(found.anyOf ?? []), ...(found.oneOf ?? [])];
  return [found, ...parts.flatMap((part) => partsOf(document, part))];
}
