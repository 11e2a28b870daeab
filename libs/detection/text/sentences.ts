/** Where does each sentence of a text begin and end? Lines, list items and headings count as sentences of their own. */

export interface Sentence {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const abbreviation =
  /(?:^|[\s(])(?:dr|mr|mrs|ms|prof|sr|jr|st|vs|etc|e\.g|i\.e|u\.s|u\.k|u\.n|no|inc|ltd|co|gov|sen|rep|gen|[a-z])\.$/i;
const closing = new Set(['"', "'", ')', ']', '”', '’', '*', '_']);
const enders = new Set(['.', '!', '?', '…', '。', '！', '？']);
const wide = new Set(['。', '！', '？']);

/** At most `limit` sentences: the texts are already cut, and the rest of a long list adds nothing. */
export function sentences(text: string, limit = 400): Sentence[] {
  const out: Sentence[] = [];
  let start = 0;
  for (let i = 0; i < text.length && out.length < limit; i++) {
    const character = text[i] ?? '';
    if (character === '\n') {
      push(out, text, start, i);
      start = i + 1;
      continue;
    }
    if (!enders.has(character)) continue;
    let end = i + 1;
    while (end < text.length && (enders.has(text[end] ?? '') || closing.has(text[end] ?? ''))) end++;
    const next = text[end];
    if (!wide.has(character) && next !== undefined && !/\s/.test(next)) {
      i = end - 1;
      continue;
    }
    if (character === '.' && end === i + 1 && abbreviation.test(text.slice(Math.max(start, i - 6), i + 1))) continue;
    push(out, text, start, end);
    start = end;
    i = end - 1;
  }
  if (out.length < limit) push(out, text, start, text.length);
  return out;
}

function push(out: Sentence[], text: string, from: number, to: number): void {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start] ?? '')) start++;
  while (end > start && /\s/.test(text[end - 1] ?? '')) end--;
  if (end - start < 2) return;
  out.push({ start, end, text: text.slice(start, end) });
}
