import { InvalidArgumentError } from "commander";

/** Of an option that may be repeated. */
export const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

/** A whole number from 1. */
export const parseCount = (text: string): number => parseInteger(text, 1);

/** A whole number from 0. */
export const parseNumber = (text: string): number => parseInteger(text, 0);

export interface Scope {
  readonly entity: string;
  readonly operations: readonly string[];
}

/** `Product:read,create Inquiry:create`, or `all`. Which operations there are is for the server to say. */
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

/** Addresses and ranges, separated by commas, or `any`. */
export const parseAddresses = (text: string): readonly string[] | "any" =>
  text === "any" ? text : text.split(",").map((address) => address.trim());

function parseInteger(text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) {
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  }
  return value;
}

/** One character that can stand between cells; `\t` and `tab` are a tab. */
export function parseDelimiter(text: string): string {
  const character = text === "\\t" || text === "tab" ? "\t" : text;
  if (character.length !== 1 || /["\r\n\w]/.test(character)) {
    throw new InvalidArgumentError("It must be one character, such as ';', '|' or '\\t'.");
  }
  return character;
}

/** Words separated by commas, whose case does not count. */
export const parseWords = (text: string): readonly string[] =>
  text.split(",").map((word) => word.trim().toLowerCase());

/** Names separated by commas. */
export const parseNames = (text: string): readonly string[] => text.split(",").map((name) => name.trim());
