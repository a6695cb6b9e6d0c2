import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "../../../src/model/json.ts";
import { pathOf } from "../command-context.ts";

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

export const PERMISSIONS = ["READ_ONLY", "READ_WRITE"];

/**
 * Reads `Product:read,create Inquiry:create`, `all`, or scopes with rules as JSON or as `@file.json`. The server checks
 * operations and rules.
 */
export function parseScopes(text: string): readonly Scope[] | "all" {
  if (text === "all") return text;
  if (/^[@[{]/.test(text)) {
    const scopes = readGivenJson(text);
    if (Array.isArray(scopes)) return scopes;
    throw new InvalidArgumentError("It must be a JSON array of scopes.");
  }
  return text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [, entity, operations] = /^(\w+):(\w+(?:,\w+)*)$/.exec(part) ?? [];
      if (!entity || !operations) {
        throw new InvalidArgumentError(
          "It must be like 'Product:read,create Inquiry:create', or 'all'. Rules need a JSON array, or @file.json.",
        );
      }
      return { entity, operations: operations.split(",") };
    });
}

/** Scopes as the API has them: null is no limit. */
export const scopesOf = (scopes: readonly Scope[] | "all" | undefined) => (scopes === "all" ? null : scopes);

/** Reads claims: a JSON object, or `@file.json`. */
export function parseClaims(text: string): JsonObject {
  const claims = readGivenJson(text);
  if (isJsonObject(claims)) return claims;
  throw new InvalidArgumentError("It must be a JSON object.");
}

/** Reads JSON that is given inline, or in a file after `@`. */
function readGivenJson(text: string): JsonValue {
  const file = text.startsWith("@") ? text.slice(1) : undefined;
  const json = file === undefined ? text : readFileSync(pathOf(file), "utf8");
  try {
    return parseJson(json);
  } catch (error) {
    throw new InvalidArgumentError(`${file ?? "It"} is not JSON: ${(error as Error).message}`);
  }
}

/** Addresses as the API has them: null is any address. */
export const allowedIpsOf = (addresses: readonly string[] | "any" | undefined) =>
  addresses === "any" ? null : addresses;

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
