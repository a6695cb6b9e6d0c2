import type { ConstraintType } from "./constraint-type.ts";
import { textConstraints } from "./text-constraints.ts";
import { valueConstraints } from "./value-constraints.ts";

/** All column constraints by name. A new constraint is one entry. */
export const constraintTypes: ReadonlyMap<string, ConstraintType> = new Map(
  [...textConstraints, ...valueConstraints].map((type) => [type.name, type]),
);
