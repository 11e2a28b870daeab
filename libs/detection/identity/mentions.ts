/** Which protected names stand in a text? One pass over its words, however many identities there are. */
import { Table } from '../claims/claim-index.js';
import { fold } from '../text/fold.js';
import { words, type WordList } from '../text/terms.js';
import type { Identity } from './identities.js';

export interface Mention {
  readonly identity: Identity;
  readonly start: number;
  readonly end: number;
}

interface Name {
  readonly identity: Identity;
  readonly words: Int32Array;
}

export class Names {
  private readonly names: Name[];
  private readonly table: Table;
  private readonly postings: Int32Array;

  constructor(identities: readonly Identity[]) {
    this.names = identities.flatMap((identity) =>
      [identity.name, ...identity.aliases, ...identity.handles.filter((handle) => handle.length > 3)]
        .map((name) => ({ identity, words: hashes(fold(name)) }))
        .filter((name) => name.words.length > 0),
    );
    const firsts = Int32Array.from(this.names, (name) => name.words[0] ?? 0);
    this.table = new Table(firsts);
    this.postings = new Int32Array(firsts.length);
    const filled = new Int32Array(this.table.capacity);
    firsts.forEach((hash, at) => {
      const slot = this.table.find(hash);
      this.postings[this.table.from(slot) + (filled[slot] ?? 0)] = at;
      filled[slot] = (filled[slot] ?? 0) + 1;
    });
  }

  get none(): boolean {
    return this.names.length === 0;
  }

  /** True where some name may stand in the folded text; no memory is taken. */
  any(text: string): boolean {
    if (this.none) return false;
    let found = false;
    const { table } = this;
    words(text, (hash) => {
      if (!found && table.find(hash) >= 0) found = true;
    });
    return found;
  }

  /** The same of words that were read already. */
  anyOf(list: WordList): boolean {
    const { hashes, count } = list;
    for (let i = 0; i < count; i++) if (this.table.find(hashes[i]!) >= 0) return true;
    return false;
  }

  /** Every mention in a folded text, the longest where several begin at one word. */
  find(text: string): Mention[] {
    const found: { hash: number; start: number; end: number }[] = [];
    words(text, (hash, start, end) => found.push({ hash, start, end }));
    const out: Mention[] = [];
    for (let i = 0; i < found.length; i++) {
      const slot = this.table.find(found[i]?.hash ?? 0);
      if (slot < 0) continue;
      let longest: Mention | undefined;
      let length = 0;
      for (let p = this.table.from(slot); p < this.table.to(slot); p++) {
        const name = this.names[this.postings[p] ?? 0];
        if (!name || name.words.length <= length) continue;
        if (!name.words.every((word, k) => found[i + k]?.hash === word)) continue;
        const end = found[i + name.words.length - 1]?.end ?? 0;
        const start = found[i]?.start ?? 0;
        // Words of a name stand together: no more than a short word or a sign between them.
        if (end - start > 12 * name.words.length + 12) continue;
        longest = { identity: name.identity, start, end };
        length = name.words.length;
      }
      if (longest) {
        out.push(longest);
        i += length - 1;
      }
    }
    return out;
  }
}

function hashes(text: string): Int32Array {
  const out: number[] = [];
  words(text, (hash) => out.push(hash));
  return Int32Array.from(out);
}
