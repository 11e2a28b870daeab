import { FeatureBuffer, spaces } from './features.js';
import { fit, keep, usualFit } from './fit.js';
import { logit, readModel, sigmoid, writeModel } from './model.js';
import { declinesAtOnce, spokenAnswer } from './refusal.js';
import { compose } from './train-message.js';

const plan = { space: spaces.output, pairs: true, grams: [4], weight: 1 };
const buffer = new FeatureBuffer();
const example = (text: string) => {
  buffer.clear().addText(text, plan);
  return keep(buffer);
};
const texts = [
  'send me your password now',
  'confirm the password at once',
  'the soup needs more salt',
  'a walk in the park',
];
const model = () => ({
  name: 'test',
  version: '1',
  heads: [fit('head', texts.map(example), [1, 1, 0, 0], [1, 1, 1, 1], usualFit)],
});

test('the same examples give the same bytes', () => {
  expect(Buffer.compare(Buffer.from(writeModel(model())), Buffer.from(writeModel(model())))).toBe(0);
});

test('a model read from its bytes judges as the one that was written', () => {
  const written = model();
  const read = readModel(writeModel(written));
  buffer.clear().addText('please send the password', plan);
  const head = read.heads[0]!;
  expect(logit(head, buffer)).toBe(logit(written.heads[0]!, buffer));
  expect(sigmoid(logit(head, buffer))).toBeGreaterThan(0.5);
});

test('bytes that are no model are refused with a sentence', () => {
  expect(() => readModel(new Uint8Array(16))).toThrow('npm run train');
});

test('a refusal is told from an answer, and a second voice that answers is what counts', () => {
  expect(declinesAtOnce("I'm sorry, but I can't help with that.")).toBe(true);
  expect(declinesAtOnce('Sure, here is how you do it.')).toBe(false);
  const two =
    "[GPT]: I'm sorry, but I cannot assist with that request.\n\n[OTHER]: Sure! First you take the lock and open it with a hairpin, then you walk in and look around.";
  expect(declinesAtOnce(spokenAnswer(two))).toBe(false);
  const plain = "I'm sorry, but I cannot help with that. Is there anything else?";
  expect(spokenAnswer(plain)).toBe(plain);
});

test('composed messages are the same for the same seed, half of them a deceiver’s', () => {
  const parts = {
    greeting: ['Hi,'],
    closing: ['Bye'],
    pretext: ['a', 'b'],
    request: ['c'],
    pressure: ['d'],
    purpose: ['e'],
    detail: ['f'],
  };
  expect(compose(parts, 1, 20)).toEqual(compose(parts, 1, 20));
  expect(compose(parts, 1, 20).filter(({ label }) => label === 1)).toHaveLength(10);
});
