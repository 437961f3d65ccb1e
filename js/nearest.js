// The word that somebody meant.

/** The candidate nearest to a misspelt word, if one is near enough. */
export function nearest(word, candidates) {
  const scored = candidates.map((candidate) => [distance(word.slice(0, 40), candidate), candidate]).sort((a, b) => a[0] - b[0]);
  const [best] = scored;
  if (!best) return undefined;
  const shorter = Math.min(word.length, best[1].length);
  return best[0] <= Math.max(1, Math.floor(shorter / 3)) ? best[1] : undefined;
}

/** Damerau's distance: letters changed, added, left out or swapped with the next. */
function distance(a, b) {
  let before = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}
