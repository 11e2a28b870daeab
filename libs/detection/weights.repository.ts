/** The shipped weights on disk: read once a process, written by training alone. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModel, type LinearModel } from './linear/model.js';
import { Background, flatBackground } from './text/background.js';
import type { Weights } from './weights.js';

export const modelFiles = {
  background: 'background.bin',
  compliance: 'compliance.tlm',
  message: 'message.tlm',
  sheet: 'training.json',
} as const;

/** Built code stands under dist/, the weights stay beside the sources. */
export function modelsFolder(): string {
  const beside = join(import.meta.dirname, 'models');
  return existsSync(join(beside, modelFiles.background))
    ? beside
    : beside.replace(/([\\/])dist[\\/]libs[\\/]/, '$1libs$1');
}

let shipped: Weights | undefined;

export function shippedWeights(): Weights {
  shipped ??= readWeights(modelsFolder());
  return shipped;
}

export function readWeights(folder: string): Weights {
  const background = read(folder, modelFiles.background);
  return {
    background: background ? new Background(background.subarray(4), String(background[0])) : flatBackground,
    compliance: model(folder, modelFiles.compliance),
    message: model(folder, modelFiles.message),
  };
}

export function writeModelFile(folder: string, file: string, bytes: Uint8Array | string): void {
  writeFileSync(join(folder, file), bytes);
}

function model(folder: string, file: string): LinearModel | undefined {
  const bytes = read(folder, file);
  return bytes && readModel(bytes);
}

function read(folder: string, file: string): Uint8Array | undefined {
  const path = join(folder, file);
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}
