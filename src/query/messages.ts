import { MAX_ECHO_LENGTH } from "./limits.ts";

/** A client's text as messages repeat it. */
export function echo(text: string): string {
  return text.length <= MAX_ECHO_LENGTH ? `'${text}'` : `'${text.slice(0, MAX_ECHO_LENGTH)}…'`;
}

/** ` — did you mean 'email'?` if a name is similar, otherwise nothing. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const mostEdits = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  if (name.length > 80) return "";
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > mostEdits) continue;
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits <= mostEdits && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits };
  }
  return best ? ` — did you mean '${best.candidate}'?` : "";
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const current = [i];
    for (let j = 1; j <= right.length; j++) {
      const isSame = left[i - 1] === right[j - 1];
      let edits = Math.min(
        at(previous, j) + 1,
        at(current, j - 1) + 1,
        at(previous, j - 1) + (isSame ? 0 : 1),
      );
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (isSwap) edits = Math.min(edits, at(beforePrevious, j - 2) + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, right.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? 0;
