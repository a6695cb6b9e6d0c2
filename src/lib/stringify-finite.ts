/** Returns JSON; undefined if a number is infinite (JSON.parse can make one), which would be written as null. */
export function stringifyFinite(value: unknown): string | undefined {
  let hasFiniteNumbers = true;
  const text = JSON.stringify(value, (_, part) => {
    hasFiniteNumbers &&= part !== Number.POSITIVE_INFINITY && part !== Number.NEGATIVE_INFINITY;
    return part;
  });
  return hasFiniteNumbers ? text : undefined;
}
