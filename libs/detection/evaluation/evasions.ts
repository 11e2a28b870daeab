/** The ways in which a text is hidden from a reader of letters, as the evaluation tries them. */

const lookalike: Readonly<Record<string, string>> = { a: 'а', e: 'е', o: 'о', p: 'р', c: 'с', i: 'і', x: 'х', y: 'у' };
const leet: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };

function letters(text: string, change: (letter: string, at: number) => string): string {
  let out = '';
  let at = 0;
  for (const letter of text) out += change(letter, at++);
  return out;
}

/** Words of five letters and more, changed one by one. */
function longWords(text: string, change: (word: string) => string): string {
  return text.replace(/[A-Za-z]{5,}/g, change);
}

export const evasions: Readonly<Record<string, (text: string) => string>> = {
  homoglyphs: (text) => letters(text, (letter) => lookalike[letter] ?? letter),
  'zero-width characters': (text) => letters(text, (letter, at) => (at % 3 === 1 ? `\u200b${letter}` : letter)),
  leet: (text) =>
    longWords(text, (word) => letters(word, (letter, at) => (at > 0 ? (leet[letter] ?? letter) : letter))),
  spacing: (text) => longWords(text, (word) => ` ${word.split('').join(' ')} `),
  case: (text) => letters(text, (letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase())),
  'HTML entities': (text) =>
    letters(text, (letter) => (/[aeiou]/.test(letter) ? `&#${letter.charCodeAt(0)};` : letter)),
  markdown: (text) => longWords(text, (word) => `${word.slice(0, 2)}**${word.slice(2, 4)}**${word.slice(4)}`),
};
