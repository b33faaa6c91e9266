/**
 * "Did you mean": the known word nearest to a misspelt one. Distances are those of optimal string alignment
 * (insertions, deletions, substitutions, swaps of neighbours), so that `prot` finds `port` at one step.
 */

/** Edits that turn `a` into `b`: insert, delete, substitute, or swap two neighbours. O(|a|·|b|) time. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(substituted, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, beforeLast[j - 2]! + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The candidate nearest to `word`, letter case ignored, or undefined when none is near enough: a third of the letters
 * of its last dotted part (at least one) may be wrong. The short form of a dotted id (`fs` for `io.l5d.fs`) is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor((wanted.length - wanted.lastIndexOf('.') - 1) / 3)) + 1;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    // The difference in length bounds the distance from below: no need to compare with a word of another size.
    if (Math.abs(known.length - wanted.length) < bestDistance) {
      const distance = editDistance(wanted, known);
      if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
    }
    if (best === undefined && wanted !== '' && known.endsWith(`.${wanted}`)) best = candidate;
  }
  return best;
}

/** `Did you mean "x"?` for the nearest candidate, or '' when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : `Did you mean "${found}"?`;
}
