/**
 * What a regular expression is made of, as far as finding its fixed texts needs it. It reads what re2js accepts; where
 * it meets anything else it answers `other`, which claims nothing about the text, so that a gap in this reader costs
 * speed and never a match.
 */
export type Node =
  | { readonly type: 'text'; readonly text: string; readonly ignoreCase: boolean }
  | { readonly type: 'class'; readonly set: CharSet }
  | { readonly type: 'cat' | 'alt'; readonly parts: readonly Node[] }
  | { readonly type: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }
  | { readonly type: 'assert'; readonly what: Assertion }
  | { readonly type: 'other' };

export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'not-word';

/** A set of UTF-16 units, as ranges; `inverted` means all but them. */
export interface CharSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly inverted: boolean;
  readonly ignoreCase: boolean;
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const digits: CharSet['ranges'] = [[48, 57]];
const words: CharSet['ranges'] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const spaces: CharSet['ranges'] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };

class Unreadable extends Error {}

/** Undefined where the pattern has something this reader does not know. */
export function readRegex(pattern: string, flags: Flags): Node | undefined {
  const reader = new Reader(pattern, flags);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Reader {
  private at = 0;
  private depth = 0;
  constructor(
    private readonly pattern: string,
    private flags: Flags,
  ) {}

  whole(): Node {
    const node = this.alternatives();
    if (this.at < this.pattern.length) throw new Unreadable();
    return node;
  }

  private alternatives(): Node {
    if (++this.depth > 200) throw new Unreadable();
    const flags = this.flags;
    const branches = [this.sequence()];
    while (this.pattern[this.at] === '|') {
      this.at++;
      branches.push(this.sequence());
    }
    this.flags = flags;
    this.depth--;
    return branches.length === 1 ? branches[0]! : { type: 'alt', parts: branches };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.pattern.length && this.pattern[this.at] !== '|' && this.pattern[this.at] !== ')') {
      const node = this.repeated(this.atom());
      const last = parts.at(-1);
      if (node.type === 'text' && last?.type === 'text' && node.ignoreCase === last.ignoreCase) {
        parts[parts.length - 1] = { ...last, text: last.text + node.text };
      } else if (node.type !== 'cat' || node.parts.length > 0) parts.push(node);
    }
    return parts.length === 1 ? parts[0]! : { type: 'cat', parts };
  }

  private repeated(atom: Node): Node {
    let node = atom;
    for (;;) {
      const rest = this.pattern.slice(this.at, this.at + 16);
      const braces = /^\{(\d+)(,(\d*))?\}/.exec(rest);
      let min: number;
      let max: number;
      if (braces) {
        min = Number(braces[1]);
        max = braces[2] === undefined ? min : braces[3] === '' ? Infinity : Number(braces[3]);
        this.at += braces[0].length;
      } else if (rest[0] === '*' || rest[0] === '+' || rest[0] === '?') {
        min = rest[0] === '+' ? 1 : 0;
        max = rest[0] === '?' ? 1 : Infinity;
        this.at++;
      } else return node;
      if (this.pattern[this.at] === '?') this.at++;
      node = { type: 'repeat', part: node, min, max };
    }
  }

  private atom(): Node {
    const char = this.pattern[this.at++]!;
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return this.characterClass();
      case '.':
        return { type: 'class', set: { ranges: this.flags.s ? [] : [[10, 10]], inverted: true, ignoreCase: false } };
      case '^':
        return { type: 'assert', what: this.flags.m ? 'line-start' : 'start' };
      case '$':
        return { type: 'assert', what: this.flags.m ? 'line-end' : 'end' };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw new Unreadable();
      default:
        return { type: 'text', text: char, ignoreCase: this.flags.i };
    }
  }

  private group(): Node {
    const rest = this.pattern.slice(this.at);
    const opened = /^\?(?:P?<[A-Za-z_]\w*>|([imsU]*)(?:-([imsU]+))?(:|\)))/.exec(rest);
    const outer = this.flags;
    if (rest.startsWith('?')) {
      if (!opened) throw new Unreadable();
      this.at += opened[0].length;
      const on = opened[1] ?? '';
      const off = opened[2] ?? '';
      if (on.includes('U') || off.includes('U')) throw new Unreadable();
      const set = (flag: keyof Flags) => (on.includes(flag) || outer[flag]) && !off.includes(flag);
      this.flags = { i: set('i'), m: set('m'), s: set('s') };
      // `(?i)` holds until the group around it ends; `alternatives` puts the flags back.
      if (opened[3] === ')') return { type: 'cat', parts: [] };
    }
    const node = this.alternatives();
    if (this.pattern[this.at++] !== ')') throw new Unreadable();
    this.flags = outer;
    return node;
  }

  private escape(): Node {
    const char = this.pattern[this.at++];
    if (char === undefined) throw new Unreadable();
    if (char === 'b') return { type: 'assert', what: 'word' };
    if (char === 'B') return { type: 'assert', what: 'not-word' };
    if (char === 'A') return { type: 'assert', what: 'start' };
    if (char === 'z') return { type: 'assert', what: 'end' };
    const ranges = { d: digits, w: words, s: spaces }[char.toLowerCase()];
    if (ranges) {
      return { type: 'class', set: { ranges, inverted: char !== char.toLowerCase(), ignoreCase: this.flags.i } };
    }
    if (char === 'p' || char === 'P') {
      const name = /^(?:\{[^}]*\}|[A-Z])/.exec(this.pattern.slice(this.at));
      if (!name) throw new Unreadable();
      this.at += name[0].length;
      return { type: 'other' };
    }
    if (char === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at);
      const text = this.pattern.slice(this.at, end < 0 ? undefined : end);
      this.at = end < 0 ? this.pattern.length : end + 2;
      // A repeat behind it would hold for its last character alone.
      if (/^[*+?{]/.test(this.pattern.slice(this.at))) throw new Unreadable();
      return { type: 'text', text, ignoreCase: this.flags.i };
    }
    return { type: 'text', text: String.fromCharCode(this.escapedUnit(char)), ignoreCase: this.flags.i };
  }

  /** The unit an escape stands for; `char`, behind the backslash, has been read. */
  private escapedUnit(char: string): number {
    if (char === 'x') {
      const hex = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(this.pattern.slice(this.at));
      const code = hex ? parseInt(hex[1] ?? hex[2]!, 16) : 0x110000;
      if (!hex || code > 0xffff) throw new Unreadable();
      this.at += hex[0].length;
      return code;
    }
    const control = escapes[char];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(char)) throw new Unreadable();
    return char.charCodeAt(0);
  }

  private characterClass(): Node {
    const inverted = this.pattern[this.at] === '^';
    if (inverted) this.at++;
    const ranges: [number, number][] = [];
    let first = true;
    for (;;) {
      const char = this.pattern[this.at++];
      if (char === undefined) throw new Unreadable();
      if (char === ']' && !first) break;
      first = false;
      // Named classes such as [:alpha:], and anything beyond one unit.
      if (char === '[' && this.pattern[this.at] === ':') throw new Unreadable();
      if (/[\ud800-\udfff]/.test(char)) throw new Unreadable();
      let from = char.charCodeAt(0);
      if (char === '\\') {
        const escaped = this.pattern[this.at++];
        if (escaped === undefined) throw new Unreadable();
        const named = { d: digits, w: words, s: spaces }[escaped];
        if (named) {
          ranges.push(...named.map(([a, b]): [number, number] => [a, b]));
          continue;
        }
        if (/[A-Zbpz]/.test(escaped)) throw new Unreadable();
        from = this.escapedUnit(escaped);
      }
      let to = from;
      if (this.pattern[this.at] === '-' && this.pattern[this.at + 1] !== ']' && this.at + 1 < this.pattern.length) {
        this.at++;
        const end = this.pattern[this.at++]!;
        if (/[\ud800-\udfff[]/.test(end)) throw new Unreadable();
        to = end === '\\' ? this.escapedUnit(this.pattern[this.at++] ?? 'A') : end.charCodeAt(0);
        if (to < from) throw new Unreadable();
      }
      ranges.push([from, to]);
    }
    return { type: 'class', set: { ranges, inverted, ignoreCase: this.flags.i } };
  }
}
