/**
 * A rule's regular expression, always matched in time linear in the text: by its fixed texts alone where it is nothing
 * else, by a chain of texts and gaps, and by re2js in all other cases. What re2js cannot do in linear time (lookahead,
 * back-references) is refused with the reason.
 */
import { RE2JS, RE2JSException } from 're2js';
import { chainsOf, findChain, type Chain } from './chain.js';
import { fold } from './fold.js';
import { exactTexts, requiredLiterals, type Exact } from './literals.js';
import { readRegex, type Node } from './regex-syntax.js';

export interface RegexFlags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

export interface Regex {
  readonly pattern: string;
  readonly flags: RegexFlags;
  /** Folded; one of them stands in every text that matches. Undefined: nothing can be said, so it runs always. */
  readonly literals: readonly string[] | undefined;
  /** Set where the expression is these texts and nothing more: to contain one is to match. */
  readonly texts: Exact | undefined;
  readonly chains: readonly Chain[] | undefined;
  /**
   * True where it has long bounded repeats: re2js's automaton then makes new states without end (measured: 2 ms for 540
   * characters full of beginnings), and the slower simulation is the quicker way (0.1 to 0.25 ms).
   */
  readonly simulated: boolean;
  readonly engine: RE2JS;
}

const surrogates = /[\ud800-\udfff]/;

export function compileRegex(pattern: string, flags: RegexFlags): Regex | { readonly reason: string } {
  const source = portable(pattern);
  let engine: RE2JS;
  try {
    let bits = 0;
    if (flags.i) bits |= RE2JS.CASE_INSENSITIVE;
    if (flags.m) bits |= RE2JS.MULTILINE;
    if (flags.s) bits |= RE2JS.DOTALL;
    if (/\(\?<[=!]/.test(source)) bits |= RE2JS.LOOKBEHINDS;
    engine = RE2JS.compile(source, bits);
  } catch (error) {
    if (error instanceof RE2JSException) return { reason: reasonOf(pattern, error.message) };
    // Nesting deeper than the stack.
    if (error instanceof RangeError) return { reason: 'the expression is nested too deep' };
    throw error;
  }
  const node = readRegex(source, flags);
  return {
    pattern,
    flags,
    engine,
    literals: node && requiredLiterals(node),
    texts: node && wholeTexts(node),
    chains: node && chainsOf(node),
    simulated: node !== undefined && repeatsLong(node),
  };
}

/** Does the expression match somewhere in `text`? `folded` is the same text folded. */
export function regexMatches(regex: Regex, text: string, folded: () => string): boolean {
  const chains = chainsFor(regex, text);
  if (!chains) return regex.simulated ? regex.engine.matcher(text).find() : regex.engine.test(text);
  for (const chain of chains) if (findChain(chain, chain.cased ? text : folded())) return true;
  return false;
}

/** Where it matches, for evidence. */
export function findRegex(regex: Regex, text: string): { start: number; end: number } | undefined {
  for (const chain of chainsFor(regex, text) ?? []) {
    const found = findChain(chain, chain.cased ? text : fold(text));
    if (found) return found;
  }
  const matcher = regex.engine.matcher(text);
  return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
}

function chainsFor(regex: Regex, text: string): readonly Chain[] | undefined {
  if (!regex.chains) return undefined;
  return regex.chains.some(({ counts }) => counts) && surrogates.test(text) ? undefined : regex.chains;
}

/** A repeat of up to 12 or more characters of a set, but not without end. */
function repeatsLong(node: Node): boolean {
  switch (node.type) {
    case 'cat':
    case 'alt':
      return node.parts.some(repeatsLong);
    case 'repeat': {
      const counted = node.max >= 12 && node.max < Infinity;
      return (counted && node.part.type === 'class') || repeatsLong(node.part);
    }
    default:
      return false;
  }
}

function wholeTexts(node: Node): Exact | undefined {
  const plain = (one: Node): boolean => {
    if (one.type === 'cat' || one.type === 'alt') return one.parts.every(plain);
    return one.type === 'repeat' ? plain(one.part) : one.type !== 'assert';
  };
  const exact = plain(node) ? exactTexts(node) : undefined;
  return exact && exact.cased !== 'both' && !exact.texts.includes('') ? exact : undefined;
}

/** Spellings that other engines take and re2js does not, where the meaning is the same. */
function portable(pattern: string): string {
  return (
    pattern
      // Escapes two by two, so that the letter behind an escaped backslash is a letter.
      .replace(/\\(u[0-9a-fA-F]{4}|.)/gsu, (whole, escaped: string) => {
        if (escaped.length === 5) return `\\x{${escaped.slice(1)}}`;
        if (escaped.codePointAt(0)! > 127) return escaped;
        return { Z: '\\z', h: '[ \\t]', e: '\\x1b' }[escaped] ?? whole;
      })
      .replace(/\(\?#[^)]*\)/g, '')
      .replace(repeat, (whole, atom: string, low: string, comma: string | undefined, high: string | undefined) => {
        const min = Number(low);
        const max = comma === undefined ? min : high === '' || high === undefined ? Infinity : Number(high);
        return min > 1000 || (max > 1000 && max !== Infinity) ? inPieces(atom, min, max) : whole;
      })
  );
}

const repeat = /(\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\()[\]{}*+?|])\{(\d+)(,(\d*))?\}/gs;

/** re2js counts to 1,000; more is written one behind the other, up to what is still a sensible size. */
function inPieces(atom: string, min: number, max: number): string {
  if (Math.max(min, max === Infinity ? 0 : max) > 20_000) return `${atom}{${min},${max === Infinity ? '' : max}}`;
  let text = '';
  for (let left = min; left > 0; left -= 1000) text += `${atom}{${Math.min(left, 1000)}}`;
  if (max === Infinity) return `${text}${atom}*`;
  for (let left = max - min; left > 0; left -= 1000) text += `${atom}{0,${Math.min(left, 1000)}}`;
  return text;
}

function reasonOf(pattern: string, said: string): string {
  const linear = 'which no engine can match in linear time';
  if (/\(\?[=!]/.test(pattern)) return `it looks ahead, ${linear}; write the part as a selection of its own`;
  if (/\(\?>|[*+?}]\+/.test(pattern)) return 'it has atomic groups or possessive repeats, which belong to backtracking';
  if (/\\[1-9]/.test(pattern)) return `it refers back to a group, ${linear}`;
  return said.replace(/\s+/g, ' ').replace(/^error parsing regexp: /, '');
}
