import type { ConstraintType } from "./constraint-type.ts";
import { textConstraints } from "./text-constraints.ts";
import { valueConstraints } from "./value-constraints.ts";

/** Every column constraint of the product, by name. A new one is one entry. */
export const constraintTypes: ReadonlyMap<string, ConstraintType> = new Map(
  [...textConstraints, ...valueConstraints].map((type) => [type.name, type]),
);
