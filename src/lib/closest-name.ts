import damerauLevenshtein from "damerau-levenshtein";

const MAX_NAME_LENGTH = 80;
const MAX_EDITS = 3;

/** The candidate that a name most likely misspells, in case or letters; undefined if none is similar. */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const mostEdits = Math.min(MAX_EDITS, Math.max(1, Math.floor(name.length / 3)));
  let best: string | undefined;
  let fewest = mostEdits + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > mostEdits) continue;
    const { steps } = damerauLevenshtein(name.toLowerCase(), candidate.toLowerCase());
    if (steps < fewest) [best, fewest] = [candidate, steps];
  }
  return best;
}
