import { crc32 } from "../../lib/hashing.ts";
import type { Access } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import { valuesOf } from "../plan/plan-operand.ts";
import { rulesOf } from "./plan-rules.ts";

/**
 * Changes with everything that decides what a principal may see: its rules and the claims that they refer to. Empty
 * without rules.
 */
export function rulesMarkOf(catalog: Catalog, { layers, claims }: Access): string {
  if (layers.length === 0) return "";
  const { hasRules, operands } = rulesOf(catalog, layers);
  if (!hasRules) return "";
  const given = operands.map((operand) => {
    return "claim" in operand.source ? valuesOf(operand, { claims, now: new Date(0) }) : null;
  });
  return crc32(
    JSON.stringify([layers, given], (_, value) => (typeof value === "bigint" ? `${value}` : value)),
  ).toString(36);
}
