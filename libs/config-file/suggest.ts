/** Finds the word that was probably meant. */
import { closest, distance } from 'fastest-levenshtein';

/** The known word nearest to `found`, where two letters, or a third of them, or fewer differ; letter case, `-` and spaces are no difference. */
export function suggest(found: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const plain = (word: string) => word.toLowerCase().replace(/[\s_-]+/g, '_');
  const plainKnown = known.map(plain);
  const wanted = plain(found);
  const nearest = closest(wanted, plainKnown);
  // Two letters that changed places count as two.
  const limit = wanted.length < 4 ? 1 : Math.max(2, Math.floor(Math.max(wanted.length, nearest.length) / 3));
  return distance(wanted, nearest) <= limit ? known[plainKnown.indexOf(nearest)] : undefined;
}

/** `; did you mean "x"?`, or nothing: to be put at a message's end. */
export function didYouMean(found: string, known: readonly string[]): string {
  const word = suggest(found, known);
  return word === undefined ? '' : `; did you mean "${word}"?`;
}
