/**
 * One pass over a text for all fixed texts of all rules (Aho-Corasick). The table is dense: next = table[state + class],
 * states premultiplied by the number of classes, accepting states numbered last, so the loop has one load and one
 * comparison a character. Characters that stand in no literal share class 0. Letters of both cases share a class.
 */
import { foldedAlike } from './fold.js';

export interface Automaton {
  readonly classOf: Uint8Array | Uint16Array;
  readonly table: Int32Array;
  /** States from here on accept. */
  readonly accepting: number;
  readonly classes: number;
  /** How long each literal is. */
  readonly lengths: Uint32Array;
  /** Accepting state (by its number behind the first accepting one) -> where its literals begin in `outputs`. */
  readonly outputStart: Uint32Array;
  readonly outputs: Uint32Array;
}

/** `literals` are folded and not empty; their indexes are what a hit tells. */
export function buildAutomaton(literals: readonly string[]): Automaton {
  const letters = new Set<number>();
  for (const literal of literals) for (let i = 0; i < literal.length; i++) letters.add(literal.charCodeAt(i));
  const classes = letters.size + 1;
  const classOf = classes < 256 ? new Uint8Array(65536) : new Uint16Array(65536);
  let next = 1;
  for (const code of [...letters].sort((a, b) => a - b)) {
    for (const alike of foldedAlike(code)) classOf[alike] = next;
    next++;
  }

  // The trie, a row of children a node; grown by doubling. Literals differ, so a node ends one of them at most.
  let rows = new Int32Array(1024 * classes);
  let count = 1;
  const endOf = new Map<number, number>();
  literals.forEach((literal, index) => {
    let node = 0;
    for (let i = 0; i < literal.length; i++) {
      const cell = node * classes + classOf[literal.charCodeAt(i)]!;
      node = rows[cell]!;
      if (node !== 0) continue;
      node = count++;
      rows[cell] = node;
      if ((count + 1) * classes > rows.length) {
        const grown = new Int32Array(rows.length * 2);
        grown.set(rows);
        rows = grown;
      }
    }
    endOf.set(node, index);
  });
  const own = new Int32Array(count).fill(-1);
  for (const [node, literal] of endOf) own[node] = literal;

  // Breadth first: a missing child goes where the longest proper ending goes.
  const fail = new Int32Array(count);
  /** The nearest ending of a node that ends a literal; 0 for none. */
  const shorter = new Int32Array(count);
  const order = new Int32Array(count);
  let queued = 0;
  for (let symbol = 1; symbol < classes; symbol++) if (rows[symbol]) order[queued++] = rows[symbol]!;
  for (let head = 0; head < queued; head++) {
    const node = order[head]!;
    const back = fail[node]! * classes;
    const row = node * classes;
    shorter[node] = own[fail[node]!]! >= 0 ? fail[node]! : shorter[fail[node]!]!;
    for (let symbol = 1; symbol < classes; symbol++) {
      const child = rows[row + symbol]!;
      if (child === 0) rows[row + symbol] = rows[back + symbol]!;
      else {
        fail[child] = rows[back + symbol]!;
        order[queued++] = child;
      }
    }
  }

  const accepts = (node: number) => own[node]! >= 0 || shorter[node]! > 0;
  const renamed = new Int32Array(count);
  let plain = 0;
  for (let node = 0; node < count; node++) if (!accepts(node)) renamed[node] = plain++;
  const outputStart: number[] = [];
  const outputs: number[] = [];
  for (let node = 0, accepting = plain; node < count; node++) {
    if (!accepts(node)) continue;
    renamed[node] = accepting++;
    outputStart.push(outputs.length);
    for (let end = own[node]! >= 0 ? node : shorter[node]!; end > 0; end = shorter[end]!) outputs.push(own[end]!);
  }
  outputStart.push(outputs.length);
  const table = new Int32Array(count * classes);
  for (let node = 0; node < count; node++) {
    const to = renamed[node]! * classes;
    const row = node * classes;
    for (let symbol = 1; symbol < classes; symbol++) table[to + symbol] = renamed[rows[row + symbol]!]! * classes;
  }
  return {
    classOf,
    table,
    accepting: plain * classes,
    classes,
    outputStart: Uint32Array.from(outputStart),
    outputs: Uint32Array.from(outputs),
    lengths: Uint32Array.from(literals, ({ length }) => length),
  };
}

/** The literals that stand in `text`, in order, each occurrence; for tests and tools, the hot path has its own loop. */
export function occurrences(automaton: Automaton, text: string): { literal: number; end: number }[] {
  const hits: { literal: number; end: number }[] = [];
  let state = 0;
  for (let i = 0; i < text.length; i++) {
    state = automaton.table[state + automaton.classOf[text.charCodeAt(i)]!]!;
    if (state < automaton.accepting) continue;
    const at = (state - automaton.accepting) / automaton.classes;
    for (let j = automaton.outputStart[at]!; j < automaton.outputStart[at + 1]!; j++) {
      hits.push({ literal: automaton.outputs[j]!, end: i + 1 });
    }
  }
  return hits;
}
