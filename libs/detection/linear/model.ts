/**
 * A linear model as shipped: one signed byte a feature, a scale and a bias. Read and written in one small format:
 * `TLM1`, the length of a JSON header, the header (heads with scale and bias), then the bytes of each head.
 */
import { dimensions, type Features } from './features.js';

export interface Head {
  readonly name: string;
  readonly bias: number;
  readonly scale: number;
  readonly weights: Int8Array;
}

export interface LinearModel {
  readonly name: string;
  readonly version: string;
  readonly heads: readonly Head[];
}

/** The log-odds of a head. */
export function logit(head: Head, features: Features): number {
  const { weights } = head;
  const { indexes, values, count } = features;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[indexes[i]!]! * values[i]!;
  return head.bias + head.scale * sum;
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

const magic = 'TLM1';

export function writeModel(model: LinearModel): Uint8Array {
  const heads = model.heads.map(({ name, bias, scale }) => ({ name, bias, scale }));
  const header = new TextEncoder().encode(
    JSON.stringify({ name: model.name, version: model.version, dimensions, heads }),
  );
  const out = new Uint8Array(8 + header.length + model.heads.length * dimensions);
  out.set(new TextEncoder().encode(magic));
  new DataView(out.buffer).setUint32(4, header.length, true);
  out.set(header, 8);
  model.heads.forEach((head, at) => {
    out.set(
      new Uint8Array(head.weights.buffer, head.weights.byteOffset, dimensions),
      8 + header.length + at * dimensions,
    );
  });
  return out;
}

interface Header {
  readonly name: string;
  readonly version: string;
  readonly dimensions: number;
  readonly heads: readonly { readonly name: string; readonly bias: number; readonly scale: number }[];
}

/** Throws where the bytes are no model of this build: they are shipped beside the code, so that is a broken checkout. */
export function readModel(bytes: Uint8Array): LinearModel {
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== magic)
    throw new Error('found no TLM1 model: run `npm run train`');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Header;
  if (header.dimensions !== dimensions) {
    throw new Error(`found a model of ${header.dimensions} features, wanted ${dimensions}: run \`npm run train\``);
  }
  const heads = header.heads.map((head, at): Head => {
    const from = 8 + length + at * dimensions;
    return { ...head, weights: new Int8Array(bytes.slice(from, from + dimensions).buffer) };
  });
  return { name: header.name, version: header.version, heads };
}
