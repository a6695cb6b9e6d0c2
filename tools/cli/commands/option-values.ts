import { InvalidArgumentError } from "commander";

/** Of an option that may be repeated. */
export const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

/** A whole number from 1. */
export const parseCount = (text: string): number => parseInteger(text, 1);

/** A whole number from 0. */
export const parseNumber = (text: string): number => parseInteger(text, 0);

function parseInteger(text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) {
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  }
  return value;
}
