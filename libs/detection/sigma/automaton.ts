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

  // The trie, a row of children a node; grown by doubling.
  let rows = new Uint32Array(1024 * classes);
  let count = 1;
  const ends: number[][] = [[]];
  literals.forEach((literal, index) => {
    let node = 0;
    for (let i = 0; i < literal.length; i++) {
      const cell = node * classes + classOf[literal.charCodeAt(i)]!;
      let child = rows[cell]!;
      if (child === 0) {
        child = count++;
        ends.push([]);
        if (count * classes > rows.length) {
          const grown = new Uint32Array(rows.length * 2);
          grown.set(rows);
          rows = grown;
        }
        rows[cell] = child;
      }
      node = child;
    }
    ends[node]!.push(index);
  });

  // Breadth first: a missing child goes where the longest proper ending goes.
  const fail = new Uint32Array(count);
  const order = new Uint32Array(count);
  let queued = 0;
  const found: number[][] = ends;
  for (let symbol = 1; symbol < classes; symbol++) {
    const child = rows[symbol]!;
    if (child) order[queued++] = child;
  }
  for (let head = 0; head < queued; head++) {
    const node = order[head]!;
    const back = fail[node]! * classes;
    const own = node * classes;
    const behind = found[fail[node]!]!;
    if (behind.length > 0) found[node] = found[node]!.length > 0 ? [...found[node]!, ...behind] : behind;
    for (let symbol = 1; symbol < classes; symbol++) {
      const child = rows[own + symbol]!;
      if (child === 0) rows[own + symbol] = rows[back + symbol]!;
      else {
        fail[child] = rows[back + symbol]!;
        order[queued++] = child;
      }
    }
  }

  const renamed = new Uint32Array(count);
  let plain = 0;
  for (let node = 0; node < count; node++) if (found[node]!.length === 0) renamed[node] = plain++;
  const outputStart: number[] = [];
  const outputs: number[] = [];
  for (let node = 0, accepting = plain; node < count; node++) {
    if (found[node]!.length === 0) continue;
    renamed[node] = accepting++;
    outputStart.push(outputs.length);
    for (const index of found[node]!) outputs.push(index);
  }
  outputStart.push(outputs.length);
  const table = new Int32Array(count * classes);
  for (let node = 0; node < count; node++) {
    const to = renamed[node]! * classes;
    for (let symbol = 1; symbol < classes; symbol++) {
      table[to + symbol] = renamed[rows[node * classes + symbol]!]! * classes;
    }
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
