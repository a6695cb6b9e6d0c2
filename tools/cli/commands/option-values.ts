import { InvalidArgumentError } from "commander";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "../../../src/model/json.ts";

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

/** Reads a whole number from 1. */
export const parseCount = (text: string): number => parseInteger(text, 1);

/** Reads a whole number from 0. */
export const parseNumber = (text: string): number => parseInteger(text, 0);

export interface Scope {
  readonly entity: string;
  readonly operations: readonly string[];
}

/** Reads `Product:read,create Inquiry:create`, or `all`. The server checks the operations. */
export function parseScopes(text: string): readonly Scope[] | "all" {
  if (text === "all") return text;
  return text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [, entity, operations] = /^(\w+):(\w+(?:,\w+)*)$/.exec(part) ?? [];
      if (!entity || !operations) {
        throw new InvalidArgumentError("It must be like 'Product:read,create Inquiry:create', or 'all'.");
      }
      return { entity, operations: operations.split(",") };
    });
}

/** Reads addresses and ranges, separated by commas, or `any`. */
export const parseAddresses = (text: string): readonly string[] | "any" =>
  text === "any" ? text : text.split(",").map((address) => address.trim());

function parseInteger(text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) {
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  }
  return value;
}

/** Reads a delimiter: one character, or `\t` or `tab` for a tab. */
export function parseDelimiter(text: string): string {
  const character = text === "\\t" || text === "tab" ? "\t" : text;
  if (character.length !== 1 || /["\r\n\w]/.test(character)) {
    throw new InvalidArgumentError("It must be one character, such as ';', '|' or '\\t'.");
  }
  return character;
}

/** Reads words separated by commas, regardless of case. */
export const parseWords = (text: string): readonly string[] =>
  text.split(",").map((word) => word.trim().toLowerCase());

/** Reads names separated by commas. */
export const parseNames = (text: string): readonly string[] => text.split(",").map((name) => name.trim());

/** Reads a filter tree, or `none`. */
export function parseTree(text: string): JsonObject | "none" {
  const tree = text === "none" ? text : readJson(text);
  if (tree === "none" || isJsonObject(tree)) return tree;
  throw new InvalidArgumentError(
    `It must be a JSON object such as '{"record":{"status":"PAID"}}', or 'none'.`,
  );
}

function readJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
