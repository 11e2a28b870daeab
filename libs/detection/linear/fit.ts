/**
 * Logistic regression by seeded stochastic descent over hashed features, then rounded to bytes. The same examples in
 * the same order give the same bytes: the only random source is a generator with a written seed.
 */
import { dimensions, type Features } from './features.js';
import type { Head } from './model.js';

export interface Example {
  readonly indexes: Int32Array;
  readonly values: Float32Array;
}

export interface FitOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly rate: number;
  /** Weight decay an epoch. */
  readonly decay: number;
}

export const usualFit: FitOptions = { seed: 7406, epochs: 12, rate: 0.6, decay: 0.02 };

/** `targets` are 0 or 1, `weights` how much each example counts. */
export function fit(
  name: string,
  examples: readonly Example[],
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  options: FitOptions = usualFit,
): Head {
  const dense = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  let bias = 0;
  let scale = 1;
  const order = Int32Array.from(examples, (_, at) => at);
  const random = generator(options.seed);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random);
    for (const at of order) {
      const example = examples[at]!;
      const { indexes, values } = example;
      let sum = 0;
      for (let i = 0; i < indexes.length; i++) sum += dense[indexes[i]!]! * values[i]!;
      const error = (1 / (1 + Math.exp(-(sum * scale + bias))) - (targets[at] ?? 0)) * (weights[at] ?? 1);
      if (Math.abs(error) < 1e-4) continue;
      for (let i = 0; i < indexes.length; i++) {
        const index = indexes[i]!;
        const gradient = error * values[i]!;
        // Adagrad: rare features move far, common ones settle.
        squares[index] = squares[index]! + gradient * gradient;
        dense[index] = dense[index]! - (options.rate * gradient) / (scale * (0.1 + Math.sqrt(squares[index]!)));
      }
      bias -= 0.02 * error;
    }
    scale *= 1 - options.decay;
  }
  let most = 1e-9;
  for (let i = 0; i < dimensions; i++) {
    dense[i] = dense[i]! * scale;
    most = Math.max(most, Math.abs(dense[i]!));
  }
  // A few weights are far larger than the rest: clipped, so that the rest keep their resolution.
  const clip = Math.min(most, quantile(dense, 0.9995));
  const bytes = new Int8Array(dimensions);
  for (let i = 0; i < dimensions; i++) {
    bytes[i] = Math.round((Math.max(-clip, Math.min(clip, dense[i]!)) / clip) * 127);
  }
  return { name, bias: short(bias), scale: short(clip / 127), weights: bytes };
}

/** A copy that outlives the buffer. */
export function keep(features: Features): Example {
  return {
    indexes: features.indexes.slice(0, features.count),
    values: features.values.slice(0, features.count),
  };
}

/** mulberry32: small, seeded, the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle(order: Int32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
}

function quantile(values: Float64Array, share: number): number {
  const sizes = values
    .map((value) => Math.abs(value))
    .filter((value) => value > 0)
    .sort();
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] ?? 1e-9;
}

/** Seven digits, so that the header is the same text on every machine. */
function short(value: number): number {
  return Number(value.toPrecision(7));
}
