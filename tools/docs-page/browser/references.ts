import type { EntityDescription } from "./workspace-description.ts";

/** A relationship, from the entity whose column holds the reference. */
export interface Reference {
  readonly name: string;
  readonly from: string;
  /** The column of `from` that holds the reference. */
  readonly column: string;
  readonly to: string;
  /** Records of `from` may refer to none. */
  readonly isOptional: boolean;
  /** At most one record of `from` refers to the same record. */
  readonly isUnique: boolean;
}

export const referencesOf = ({ name: from, columns }: EntityDescription): readonly Reference[] =>
  columns.flatMap(({ name: column, references, nullable = true, unique = false }) => {
    if (!references) return [];
    const { relationship: name, entity: to } = references;
    return [{ name, from, column, to, isOptional: nullable, isUnique: unique }];
  });

/** A reference as a sentence. */
export function describeReference({ from, to, name, isOptional, isUnique }: Reference): string {
  const cardinality = isUnique ? "one to one" : "many to one";
  return `${from}.${name} → ${to}: ${cardinality}, ${isOptional ? "optional" : "required"}`;
}
